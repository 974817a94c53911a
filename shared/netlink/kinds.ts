/** Facts about the kernel's kinds of links. A kind without special facts has no row. */

/** Facts about a kind that code for other kinds needs. */
export interface KindFacts {
  /** It needs a parent (IFLA_LINK): the kernel refuses it without one. */
  needsParent?: boolean
  /** Required words after `type KIND`, for the command that tests whether a kernel has the kind. */
  words?: string
  /**
   * The driver that receives every frame of the parent (netdev_rx_handler_register). A parent has only one such driver, so
   * links of two drivers cannot share it: macvlan_port_create, ipvlan_port_create, register_macsec_dev (drivers/net).
   */
  parentDriver?: 'macvlan' | 'ipvlan' | 'macsec'
  /**
   * When it is made on a link of its own driver, the kernel uses that link's parent: macvlan_common_newlink
   * (drivers/net/macvlan.c), ipvlan_link_new (drivers/net/ipvlan/ipvlan_main.c).
   */
  sharesParent?: boolean
  /** As a master it receives every frame of its ports: bond_handle_frame, team_handle_frame (drivers/net). */
  takesPorts?: boolean
  /**
   * The kernel does not send the namespace of its parent: ipvtap_link_ops has no get_link_net
   * (drivers/net/ipvlan/ipvtap.c). So it also leaves out IFLA_LINK when the parent in another namespace has the same index.
   */
  hidesParentNamespace?: boolean
  /** It is hardware: when its namespace ends, the kernel moves it to the initial one instead of deleting it (netns_refund in rtnl_link_ops). */
  isHardware?: boolean
  /** Programs exchange frames with it by a character device, /dev/tapINDEX (drivers/net/tap.c). */
  hasNode?: boolean
}

const macvlan = { needsParent: true, parentDriver: 'macvlan', sharesParent: true } as const
const ipvlan = { needsParent: true, parentDriver: 'ipvlan', sharesParent: true } as const

const kinds: Readonly<Record<string, KindFacts>> = {
  bond: { takesPorts: true },
  can: { isHardware: true },
  dsa: { isHardware: true },
  ipoib: { isHardware: true },
  ipvlan,
  ipvtap: { ...ipvlan, hidesParentNamespace: true, hasNode: true },
  macsec: { needsParent: true, parentDriver: 'macsec' },
  macvlan,
  macvtap: { ...macvlan, hasNode: true },
  team: { takesPorts: true },
  vlan: { needsParent: true, words: 'id 2' },
  vrf: { words: 'table 10' },
  vxlan: { words: 'id 2 dstport 4789' },
}

/** The facts about a kind; none for hardware, which has no kind. */
export function kindFacts(kind = ''): KindFacts {
  return Object.hasOwn(kinds, kind) ? (kinds[kind] as KindFacts) : {}
}

/** Whether a link is hardware: it has no kind, or one of hardware (CAN controllers, ports of switches). */
export function isHardware({ kind }: { kind?: string }): boolean {
  return kind === undefined || kindFacts(kind).isHardware === true
}

/** The command that makes a link of a kind. @param parent used when the kind needs one */
export function addCommand(kind: string, parent: string): string {
  const { needsParent, words } = kindFacts(kind)
  return ['ip link add', needsParent && `link ${parent}`, `type ${kind}`, words].filter(Boolean).join(' ')
}
