/** For the demo: the kernel features that some keys need, and the NICs of uplinks. */

interface Config {
  vlan?: number
  macspoofchk?: boolean
  uplinks?: { name: string }[]
  ipam?: { type?: string }
}

export function needs({ vlan, macspoofchk }: Config): string[] {
  return [...(vlan ? ['bridge vlan_filtering'] : []), ...(macspoofchk ? ['nft bridge'] : [])]
}

/** Uplinks stay ports of the bridge, so they are NICs that no other example has. */
export const commands = ({ uplinks = [] }: Config) =>
  uplinks.flatMap(({ name }) => [
    `ip link add ${name} type veth peer name ${name} netns far`,
    `ip -n far link set ${name} up`,
  ])

/** With uplinks the second container is on the other host, unless that has the DHCP server at its end of the cable. */
export const across = (config: Config) =>
  config.uplinks && config.ipam?.type !== 'dhcp' ? config : undefined
