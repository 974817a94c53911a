/** For the demo: the second container is on another host, which is a remote of the first. */

interface Config {
  local?: string
  remote?: string
  remotes?: string[]
}

/** The addresses of the other hosts in the underlay. */
export const remotes = ({ remote, remotes = [] }: Config) => [...(remote ? [remote] : []), ...remotes]

/** The configuration for the other host, whose remote is this host. @param near addresses of this host */
export function across(config: Config, near: { ipv4: string; ipv6: string }): object {
  const [local] = remotes(config)
  if (!local) return config
  const own = local.includes(':') ? near.ipv6 : near.ipv4
  return { ...config, remotes: undefined, remote: config.local ?? own, local }
}
