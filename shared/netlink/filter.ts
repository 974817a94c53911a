/** Filters of the classifier u32: into a class by subnet, and the redirection of all that a link receives (include/uapi/linux/pkt_cls.h). */

import * as rt from 'netlink/dist/rt/structs.js'
import { putString, putU32, type StreamData } from 'netlink/dist/structs.js'
import { formatAddress, fromBytes, toBytes } from '../ip/address.ts'
import { type Cidr, formatCidr, lastOf, networkOf } from '../ip/subnet.ts'
import { attributesIn, valuesIn } from './attributes.ts'
import type { LinkName } from './link.ts'
import { dump, Flag, type Request, type Socket } from './socket.ts'
import { handleWords, INGRESS_HANDLE, parseTc, seeTc, type TcObject, tcMessage } from './traffic-control.ts'

const { NEWTFILTER, GETTFILTER } = rt.MessageType

/** TCA_U32_*. */
const U32 = { CLASSID: 1, SEL: 5, ACT: 7 } as const
/** TC_U32_TERMINAL: the packet is classified, and no other filter is tried. */
const TERMINAL = 1
/** struct tc_u32_sel without its keys, and struct tc_u32_key. */
const [SEL_LENGTH, KEY_LENGTH] = [16, 16]
/** TCA_ACT_KIND, TCA_ACT_OPTIONS, TCA_MIRRED_PARMS. */
const [ACT_KIND, ACT_OPTIONS, MIRRED_PARMS] = [1, 2, 2]
/** struct tc_mirred: the action's four numbers and its counters, then eaction and ifindex (include/uapi/linux/tc_act/tc_mirred.h). */
const MIRRED_LENGTH = 28
/** TC_ACT_STOLEN, TCA_EGRESS_REDIR. */
const [STOLEN, EGRESS_REDIRECT] = [4, 1]

/** EtherTypes (include/uapi/linux/if_ether.h), and where a packet has its addresses (RFC 791, RFC 8200). A preference has one protocol. */
const families = {
  4: { etherType: 0x0800, word: 'ip', preference: 1, src: 12, dst: 16 },
  6: { etherType: 0x86dd, word: 'ipv6', preference: 2, src: 8, dst: 24 },
} as const
const ETH_P_ALL = 3

/** Which of a packet's addresses is compared. */
export type Which = 'src' | 'dst'

/** What is known of a filter for a subnet. */
export interface SubnetFilter {
  which: Which
  subnet: Cidr
  /** The class it sends packets to. */
  classid: number
}

/** `tc filter add dev LINK parent PARENT protocol ip prio P u32 match ip src SUBNET classid CLASS` */
export function newSubnetFilter(
  link: LinkName,
  parent: number,
  { which, subnet, classid }: SubnetFilter,
): Request {
  const { etherType, word, preference, [which]: offset } = families[subnet.address.family]
  const keys = keysOf(subnet, offset)
  const match = subnet.address.family === 4 ? 'ip' : 'ip6'
  return filter(
    link,
    parent,
    { etherType, preference },
    {
      options: (out) => {
        out.push(U32.CLASSID, putU32(classid))
        out.push(U32.SEL, selector(keys))
      },
      words: `protocol ${word} prio ${preference} u32 match ${match} ${which} ${formatCidr(subnet)} classid ${handleWords(classid)}`,
    },
  )
}

/** `tc filter add dev LINK parent ffff: protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev TARGET` */
export function newRedirect(link: LinkName, target: LinkName): Request {
  const parms = Buffer.alloc(MIRRED_LENGTH)
  for (const [at, value] of [
    [8, STOLEN],
    [20, EGRESS_REDIRECT],
    [24, target.index],
  ] as const)
    parms.writeUInt32LE(value, at)
  const action: StreamData = (out) => {
    out.push(ACT_KIND, putString('mirred'))
    out.push(ACT_OPTIONS, (inner) => inner.push(MIRRED_PARMS, parms))
  }
  return filter(
    link,
    INGRESS_HANDLE,
    { etherType: ETH_P_ALL, preference: 1 },
    {
      options: (out) => {
        out.push(U32.SEL, selector([Buffer.alloc(KEY_LENGTH)]))
        out.push(U32.ACT, (list) => list.push(1, action))
      },
      words: `protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev ${target.name}`,
    },
  )
}

interface Order {
  etherType: number
  preference: number
}

function filter(
  link: LinkName,
  parent: number,
  { etherType, preference }: Order,
  { options, words }: { options: StreamData; words: string },
): Request {
  const info = ((preference << 16) | networkOrder(etherType)) >>> 0
  return {
    type: NEWTFILTER,
    flags: Flag.CREATE | Flag.EXCL,
    payload: tcMessage({ index: link.index, parent, info }, 'u32', options),
    attempt: `add a filter to ${link.name}`,
    see: `${seeTc('filter', link)} parent ${handleWords(parent)}`,
    reproduce: `tc filter add dev ${link.name} parent ${handleWords(parent)} ${words}`,
  }
}

function networkOrder(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8)
}

function selector(keys: Buffer[]): Buffer {
  const head = Buffer.alloc(SEL_LENGTH)
  head[0] = TERMINAL
  head[2] = keys.length
  return Buffer.concat([head, ...keys])
}

/** A key for each word of the address that the subnet fixes; one that fits all for a subnet of all addresses. */
function keysOf(subnet: Cidr, offset: number): Buffer[] {
  const [first, last] = [toBytes(networkOf(subnet)), toBytes(lastOf(subnet))]
  const keys: Buffer[] = []
  for (let at = 0; at < first.length && (at === 0 || at * 8 < subnet.prefix); at += 4) {
    const key = Buffer.alloc(KEY_LENGTH)
    const mask = ~(first.readUInt32BE(at) ^ last.readUInt32BE(at)) >>> 0
    key.writeUInt32BE(mask, 0)
    key.writeUInt32BE(first.readUInt32BE(at), 4)
    key.writeInt32LE(offset + at, 8)
    keys.push(key)
  }
  return keys
}

/** Where a filter sends packets: to a class, or to another link; which packets, if a subnet's. */
export interface FoundFilter {
  classid?: number
  /** `src 10.0.0.0/8`, as `filterWords` gives it. */
  words?: string
  /** The index of the link. */
  target?: number
}

/** The filters of a qdisc. Equivalent to `tc filter show dev LINK parent PARENT`. @param parent the qdisc's handle */
export function listFilters(socket: Socket, link: LinkName, parent: number): FoundFilter[] {
  const see = `${seeTc('filter', link)} parent ${handleWords(parent)}`
  const payload = tcMessage({ index: link.index, parent })
  const request = { type: GETTFILTER, payload, attempt: `list the filters of ${link.name}`, see }
  return dump(socket, request).flatMap((reply) => parseFilter(parseTc(reply)) ?? [])
}

/** The kernel lists the hash tables of u32, too, which have no selector. Of another classifier's filter nothing is known. */
function parseFilter({ kind, info, options }: TcObject): FoundFilter | undefined {
  if (kind !== 'u32') return {}
  const attribute = attributesIn(options)
  const sel = attribute(U32.SEL)
  if (!sel) return undefined
  const [action] = valuesIn(attribute(U32.ACT) ?? Buffer.alloc(0))
  return {
    classid: attribute(U32.CLASSID)?.readUInt32LE(0),
    words: wordsOfSelector(networkOrder(info & 0xffff), sel),
    target: action && targetOf(action),
  }
}

function targetOf(action: Buffer): number | undefined {
  const options = attributesIn(action)(ACT_OPTIONS)
  return options && attributesIn(options)(MIRRED_PARMS)?.readUInt32LE(24)
}

function wordsOfSelector(etherType: number, sel: Buffer): string | undefined {
  const family = Object.values(families).find((one) => one.etherType === etherType)
  const first = sel.length > SEL_LENGTH ? sel.readInt32LE(SEL_LENGTH + 8) : 0
  if (!family || (first !== family.src && first !== family.dst)) return undefined
  const bytes = Buffer.alloc(family.etherType === 0x0800 ? 4 : 16)
  let prefix = 0
  for (let at = SEL_LENGTH; at + KEY_LENGTH <= sel.length; at += KEY_LENGTH) {
    const place = sel.readInt32LE(at + 8) - first
    if (place < 0 || place + 4 > bytes.length) return undefined
    bytes.writeUInt32BE(sel.readUInt32BE(at + 4), place)
    prefix += bitsOf(sel.readUInt32BE(at))
  }
  return `${first === family.src ? 'src' : 'dst'} ${formatAddress(fromBytes(bytes))}/${prefix}`
}

/** The bits of a mask that are set. */
function bitsOf(mask: number): number {
  return mask.toString(2).replaceAll('0', '').length
}

/** What a found filter says of a subnet, for comparison. */
export function filterWords({ which, subnet }: Pick<SubnetFilter, 'which' | 'subnet'>): string {
  return `${which} ${formatCidr({ address: networkOf(subnet), prefix: subnet.prefix })}`
}
