/** For the demo: the kernel features that some keys need. */

export function needs({ vlan, macspoofchk }: { vlan?: number; macspoofchk?: boolean }): string[] {
  return [...(vlan ? ['bridge vlan_filtering'] : []), ...(macspoofchk ? ['nft bridge'] : [])]
}
