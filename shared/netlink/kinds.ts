/** What the kernel does with each kind of link. A kind without anything special has no row. */

/** Facts of a kind, by which other kinds and the tools around them deal with its links. */
export interface KindFacts {
  /** It sits on a parent (IFLA_LINK), without which the kernel refuses it. */
  needsParent?: boolean
  /** Words behind `type KIND` without which it cannot be made: by these a kernel is asked whether it has the kind. */
  words?: string
  /**
   * The driver that takes every frame of the parent (netdev_rx_handler_register). A parent has only one such driver, so links
   * of two drivers do not go together on it: macvlan_port_create, ipvlan_port_create, register_macsec_dev (drivers/net).
   */
  takesParentBy?: 'macvlan' | 'ipvlan' | 'macsec'
  /**
   * Made on a link of its own driver, it sits on that link's parent: macvlan_common_newlink (drivers/net/macvlan.c),
   * ipvlan_link_new (drivers/net/ipvlan/ipvlan_main.c).
   */
  passesOn?: boolean
  /** As a master it takes what its ports receive: bond_handle_frame, team_handle_frame (drivers/net). */
  takesPorts?: boolean
  /**
   * The kernel does not tell that its parent is in another namespace: ipvtap_link_ops has no get_link_net
   * (drivers/net/ipvlan/ipvtap.c). So it leaves IFLA_LINK out, too, where the indexes are equal by chance.
   */
  hidesParentNamespace?: boolean
}

const macvlan = { needsParent: true, takesParentBy: 'macvlan', passesOn: true } as const
const ipvlan = { needsParent: true, takesParentBy: 'ipvlan', passesOn: true } as const

const kinds: Readonly<Record<string, KindFacts>> = {
  bond: { takesPorts: true },
  ipvlan,
  ipvtap: { ...ipvlan, hidesParentNamespace: true },
  macsec: { needsParent: true, takesParentBy: 'macsec' },
  macvlan,
  macvtap: macvlan,
  team: { takesPorts: true },
  vlan: { needsParent: true, words: 'id 2' },
  vrf: { words: 'table 10' },
  vxlan: { words: 'id 2 dstport 4789' },
}

/** The facts of a kind; of hardware, which has no kind, there are none. */
export function kindFacts(kind = ''): KindFacts {
  return Object.hasOwn(kinds, kind) ? (kinds[kind] as KindFacts) : {}
}

/** The command that makes a link of a kind. @param parent what it sits on, where the kind needs that */
export function additionOf(kind: string, parent: string): string {
  const { needsParent, words } = kindFacts(kind)
  return ['ip link add', needsParent && `link ${parent}`, `type ${kind}`, words].filter(Boolean).join(' ')
}
