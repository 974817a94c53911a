/** Bonds: several links as one (drivers/net/bonding). The options are in a table, one row for each. */

import { parseAttributes, putU8, putU16, putU32, type StreamData } from 'netlink/dist/structs.js'
import { type Address, formatAddress, fromBytes, parseAddress, toBytes } from '../ip/address.ts'
import { formatMac, parseMac } from '../ip/mac.ts'
import { wordsOf } from './command.ts'
import { Datagram } from './datagram.ts'
import { changeKind, changePort, type LinkName, type LinkSpec } from './link.ts'
import type { Request } from './socket.ts'

/** Converts a value to an attribute's bytes and back. */
interface Codec<Value> {
  format(value: Value): StreamData
  parse(data: Buffer): Value
}

const u8: Codec<number> = { format: putU8, parse: (data) => data.readUInt8(0) }
const u16: Codec<number> = { format: putU16, parse: (data) => data.readUInt16LE(0) }
const u32: Codec<number> = { format: putU32, parse: (data) => data.readUInt32LE(0) }
const flag: Codec<boolean> = { format: (value) => putU8(Number(value)), parse: (data) => data[0] === 1 }
const mac: Codec<string> = { format: (value) => parseMac(value) ?? Buffer.alloc(6), parse: formatMac }

/** Words that the kernel numbers from 0, in their order. */
function words<const Words extends readonly string[]>(list: Words, { format, parse } = u8) {
  const codec: Codec<Words[number]> = {
    format: (word) => format(list.indexOf(word)),
    parse: (data) => list[parse(data)] ?? '',
  }
  return codec
}

/** A list of addresses, one attribute for each; the attribute's type is the position. */
const addresses: Codec<string[]> = {
  format: (list) => (out) => {
    for (const [place, text] of list.entries()) out.push(place, toBytes(parseAddress(text) as Address))
  },
  parse: (data) => {
    const list: string[] = []
    parseAttributes(data, (item) => void list.push(formatAddress(fromBytes(item.data))))
    return list
  },
}

/** bond_mode_tbl, drivers/net/bonding/bond_options.c; the words below are from the same file. */
export const bondModes = [
  'balance-rr',
  'active-backup',
  'balance-xor',
  'broadcast',
  '802.3ad',
  'balance-tlb',
  'balance-alb',
] as const

export type BondMode = (typeof bondModes)[number]

export const bondWords = {
  arpValidate: ['none', 'active', 'backup', 'all', 'filter', 'filter_active', 'filter_backup'],
  arpAllTargets: ['any', 'all'],
  primaryReselect: ['always', 'better', 'failure'],
  failOverMac: ['none', 'active', 'follow'],
  xmitHashPolicy: ['layer2', 'layer3+4', 'layer2+3', 'encap2+3', 'encap3+4', 'vlan+srcmac'],
  lacpRate: ['slow', 'fast'],
  adSelect: ['stable', 'bandwidth', 'count'],
} as const

type Row<Value> = readonly [attribute: number, word: string, codec: Codec<Value>]

function row<Value>(attribute: number, word: string, codec: Codec<Value>): Row<Value> {
  return [attribute, word, codec]
}

/** IFLA_BOND_*, include/uapi/linux/if_link.h, each with iproute2's word. */
const options = {
  mode: row(1, 'mode', words(bondModes)),
  miimon: row(3, 'miimon', u32),
  updelay: row(4, 'updelay', u32),
  downdelay: row(5, 'downdelay', u32),
  useCarrier: row(6, 'use_carrier', flag),
  arpInterval: row(7, 'arp_interval', u32),
  arpIpTargets: row(8, 'arp_ip_target', addresses),
  arpValidate: row(9, 'arp_validate', words(bondWords.arpValidate, u32)),
  arpAllTargets: row(10, 'arp_all_targets', words(bondWords.arpAllTargets, u32)),
  /** Index of the member. */
  primary: row(11, 'primary', u32),
  primaryReselect: row(12, 'primary_reselect', words(bondWords.primaryReselect)),
  failOverMac: row(13, 'fail_over_mac', words(bondWords.failOverMac)),
  xmitHashPolicy: row(14, 'xmit_hash_policy', words(bondWords.xmitHashPolicy)),
  resendIgmp: row(15, 'resend_igmp', u32),
  numPeerNotif: row(16, 'num_grat_arp', u8),
  allSlavesActive: row(17, 'all_slaves_active', flag),
  minLinks: row(18, 'min_links', u32),
  lpInterval: row(19, 'lp_interval', u32),
  packetsPerSlave: row(20, 'packets_per_slave', u32),
  lacpRate: row(21, 'lacp_rate', words(bondWords.lacpRate)),
  adSelect: row(22, 'ad_select', words(bondWords.adSelect)),
  adActorSysPrio: row(24, 'ad_actor_sys_prio', u16),
  adUserPortKey: row(25, 'ad_user_port_key', u16),
  adActorSystem: row(26, 'ad_actor_system', mac),
  tlbDynamicLb: row(27, 'tlb_dynamic_lb', flag),
  peerNotifyDelay: row(28, 'peer_notify_delay', u32),
  lacpActive: row(29, 'lacp_active', flag),
  arpMissedMax: row(30, 'arp_missed_max', u8),
  nsIp6Targets: row(31, 'ns_ip6_target', addresses),
  coupledControl: row(32, 'coupled_control', flag),
}

export type BondOption = keyof typeof options

export type BondOptions = {
  [Name in BondOption]?: (typeof options)[Name] extends Row<infer Value> ? Value : never
}

/** The names of all options, in the kernel's order: options that others depend on (mode, miimon) come first. */
export const bondOptions = Object.keys(options) as BondOption[]

/**
 * Options that a bond with members can change while it is up (bond_opts without BOND_OPTFLAG_NOSLAVES and
 * BOND_OPTFLAG_IFDOWN, drivers/net/bonding/bond_options.c). `primary` can be changed too, but `ip` needs the member's name.
 */
export const changeable = [
  'miimon',
  'updelay',
  'downdelay',
  'arpInterval',
  'arpIpTargets',
  'arpValidate',
  'arpAllTargets',
  'primaryReselect',
  'xmitHashPolicy',
  'resendIgmp',
  'numPeerNotif',
  'allSlavesActive',
  'minLinks',
  'lpInterval',
  'packetsPerSlave',
  'peerNotifyDelay',
  'arpMissedMax',
] as const satisfies readonly BondOption[]

/** `ip link set dev NAME type bond …` */
export function changeBond(bond: LinkName, wanted: BondOptions): Request {
  const { data = [], words = '' } = bondKind(wanted)
  return changeKind(bond, 'bond', data, words)
}

/** What makes a link a bond: `ip link add NAME type bond mode MODE …` */
export function bondKind(wanted: BondOptions): Pick<LinkSpec, 'kind' | 'data' | 'words'> {
  const set = bondOptions.filter((name) => wanted[name] !== undefined)
  return {
    kind: 'bond',
    data: (out) => {
      for (const name of set) out.push(options[name][0], codecOf(name).format(wanted[name]))
    },
    words: wordsOf(Object.fromEntries(set.map((name) => [options[name][1], digitFor(wanted[name])]))),
  }
}

/** A bond's options, from its link's `data`. Older kernels send only the options of its mode. */
export function parseBond(data: Buffer): BondOptions {
  const names = new Map(bondOptions.map((name) => [options[name][0], name]))
  const found: Record<string, unknown> = {}
  parseAttributes(data, ({ type, data: value }) => {
    const name = names.get(type)
    if (name) found[name] = codecOf(name).parse(value)
  })
  return found
}

/** Options in the form in which the kernel sends them, for comparison. */
export function canonical(wanted: BondOptions): BondOptions {
  const stream = new Datagram()
  stream.emit(bondKind(wanted).data ?? [])
  return parseBond(stream.bytes())
}

/** The codec of an option, without the type of its values. */
function codecOf(name: BondOption): Codec<unknown> {
  return options[name][2] as Codec<unknown>
}

/** `ip link` takes 0 and 1 for the switches of a bond. */
function digitFor(value: unknown): unknown {
  return typeof value === 'boolean' ? Number(value) : value
}

/** The bond's options for a member. */
export interface BondMember {
  /** The bond's transmit queue for this member. */
  queueId?: number
  /** When the primary is not available, the member with the highest priority becomes active (Linux 6.0). */
  priority?: number
}

/** IFLA_BOND_SLAVE_*, include/uapi/linux/if_link.h. */
const Slave = { QUEUE_ID: 5, PRIO: 9 } as const

/** `ip link set dev MEMBER type bond_slave queue_id N prio N` */
export function changeBondMember(member: LinkName, { queueId, priority }: BondMember): Request {
  const data: StreamData = (out) => {
    if (queueId !== undefined) out.push(Slave.QUEUE_ID, putU16(queueId))
    if (priority !== undefined) out.push(Slave.PRIO, putU32(priority >>> 0))
  }
  const text = Object.entries({ queue_id: queueId, prio: priority })
  const set = text.flatMap(([word, value]) => (value === undefined ? [] : [`${word} ${value}`]))
  return changePort(member, 'bond', data, set.join(' '))
}

/** The bond's options for a member, from the member's `portData`. */
export function parseBondMember(data: Buffer): BondMember {
  const member: BondMember = {}
  parseAttributes(data, ({ type, data: value }) => {
    if (type === Slave.QUEUE_ID) member.queueId = value.readUInt16LE(0)
    if (type === Slave.PRIO) member.priority = value.readInt32LE(0)
  })
  return member
}
