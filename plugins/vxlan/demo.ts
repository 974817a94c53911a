/** What the demo must know of vxlan: its second container is on the other host, which the first host knows as its remote. */

interface Config {
  local?: string
  remote?: string
  remotes?: string[]
}

/** The addresses by which the overlay knows other hosts. */
export const remotes = ({ remote, remotes = [] }: Config) => [...(remote ? [remote] : []), ...remotes]

/** The overlay as the other host sees it: its remote is this host. @param near addresses of this host */
export function across(config: Config, near: { ipv4: string; ipv6: string }): object {
  const [local] = remotes(config)
  if (!local) return config
  const own = local.includes(':') ? near.ipv6 : near.ipv4
  return { ...config, remotes: undefined, remote: config.local ?? own, local }
}
