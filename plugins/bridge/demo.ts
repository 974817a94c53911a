/** What the demo must know of bridge: what some keys need of the kernel. */

export function needs({ vlan, macspoofchk }: { vlan?: number; macspoofchk?: boolean }): string[] {
  return [...(vlan ? ['bridge vlan_filtering'] : []), ...(macspoofchk ? ['nft bridge'] : [])]
}
