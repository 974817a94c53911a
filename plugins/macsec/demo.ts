/** The demo of macsec: the second container, on the other host, is the peer of the first. */

interface Config {
  sci: string
  key: string
  peers: { sci: string; key: string }[]
  keyFile?: string
}

/** Each side sends with the key of its peer entry on the other side. */
export function across({ sci, key, peers: [peer], ...config }: Config): object {
  return { ...config, ...peer, peers: [{ sci, key }] }
}

/** One key file for both hosts. The keys are predictable, which is enough for a demo. */
export function files({ keyFile, key, peers }: Config): Record<string, string> {
  if (!keyFile) return {}
  const names = [key, ...peers.map((peer) => peer.key)]
  const keys = names.map((name, index) => [name, String(index).padStart(32, '0')])
  return { [keyFile]: JSON.stringify(Object.fromEntries(keys)) }
}
