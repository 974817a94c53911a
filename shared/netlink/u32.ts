/** The classifier u32 and the action mirred in netlink: numbers and layouts that filters are written and read with. */

/** TCA_U32_*. */
export const U32 = { CLASSID: 1, SEL: 5, ACT: 7 } as const
/** TC_U32_TERMINAL: the packet is classified, and no other filter is tried. */
export const TERMINAL = 1
/** struct tc_u32_sel without its keys, and struct tc_u32_key. */
export const [SEL_LENGTH, KEY_LENGTH] = [16, 16]
/** TCA_ACT_KIND, TCA_ACT_OPTIONS, TCA_MIRRED_PARMS. */
export const [ACT_KIND, ACT_OPTIONS, MIRRED_PARMS] = [1, 2, 2]
/** struct tc_mirred: the action's four numbers and its counters, then eaction and ifindex (include/uapi/linux/tc_act/tc_mirred.h). */
export const MIRRED_LENGTH = 28
/** TC_ACT_STOLEN, TCA_EGRESS_REDIR. */
export const [STOLEN, EGRESS_REDIRECT] = [4, 1]

/** EtherTypes (include/uapi/linux/if_ether.h), and where a packet has its addresses (RFC 791, RFC 8200). A preference has one protocol. */
export const families = {
  4: { etherType: 0x0800, word: 'ip', preference: 1, src: 12, dst: 16 },
  6: { etherType: 0x86dd, word: 'ipv6', preference: 2, src: 8, dst: 24 },
} as const
export const ETH_P_ALL = 3

/** A number of 16 bits in network byte order. */
export function networkOrder(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8)
}
