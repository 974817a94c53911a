/** The kernel's own route look-up, with its policy rules, for a packet that a namespace sends or receives. */

import * as rt from 'netlink/dist/rt/structs.js'
import { putU32 } from 'netlink/dist/structs.js'
import { type Address, formatAddress, fromBytes, toBytes, width } from '../../shared/ip/address.ts'
import { formatCidr } from '../../shared/ip/subnet.ts'
import { isErrno, type KernelError } from '../../shared/kernel/errno.ts'
import { addressFamily } from '../../shared/netlink/address.ts'
import { attributesIn } from '../../shared/netlink/attributes.ts'
import type { LinkName } from '../../shared/netlink/link.ts'
import { ask } from '../../shared/netlink/socket.ts'
import { type Netns, shownBy } from './netns.ts'
import { type Packet, protocolNumber } from './packet.ts'

/** struct rtmsg, include/uapi/linux/rtnetlink.h: its length, and where the type of a route is. */
const [HEADER, DST_LENGTH, TYPE] = [12, 1, 7]
/** RTM_F_LOOKUP_TABLE, which IPv6 does not take: it always tells the table. RTM_F_FIB_MATCH. */
const [LOOKUP_TABLE, FIB_MATCH] = [0x1000, 0x2000]
/** RTA_* */
const Rta = {
  DST: 1,
  SRC: 2,
  IIF: 3,
  OIF: 4,
  GATEWAY: 5,
  PREFSRC: 7,
  TABLE: 15,
  MARK: 16,
  VIA: 18,
  IP_PROTO: 27,
  DPORT: 29,
}
/** RTN_*: 6 to 8 refuse. */
const types = [
  'unspec',
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
] as const

export type RouteType = (typeof types)[number]

export interface Route {
  type: RouteType
  /** Index of the output link. */
  link?: number
  gateway?: Address
  /** The source that the kernel chooses. */
  source?: Address
  table?: number
  /** The entry that fits, as `10.1.0.0/24` or `default`. */
  entry: string
  command: string
}

/** The kernel's refusal of a look-up. */
export interface Refusal {
  refusal: KernelError
  command: string
}

export interface Question {
  to: Address
  from?: Address
  /** The link by which the packet came: the kernel looks up as for forwarding, and checks the source. */
  iif?: LinkName
  oif?: LinkName
  mark?: number
  /** For policy rules. */
  packet?: Packet
}

/** `ip route get TO [from FROM iif LINK] [mark MARK]`; EXDEV is rp_filter, EHOSTUNREACH with `iif` that the link does not forward. */
export function lookUp(netns: Netns, question: Question): Route | Refusal {
  const command = shownBy(netns, wordsOf(question))
  try {
    const found = parse(asked(netns, question, question.to.family === 4 ? LOOKUP_TABLE : 0))
    return { ...found, entry: entryOf(netns, question) ?? 'its entry', command }
  } catch (error) {
    if (isErrno(error, 'ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL', 'EXDEV', 'ENODEV'))
      return { refusal: error, command }
    throw error
  }
}

function wordsOf({ to, from, iif, oif, mark }: Question): string {
  const words = [
    `ip ${to.family === 6 ? '-6 ' : ''}route get ${formatAddress(to)}`,
    from && `from ${formatAddress(from)}`,
    iif && `iif ${iif.name}`,
    oif && `oif ${oif.name}`,
    mark && `mark ${mark}`,
  ]
  return words.filter(Boolean).join(' ')
}

function asked(netns: Netns, question: Question, flags: number): Buffer {
  const { to, from, iif, oif, mark, packet } = question
  const bits = width(to.family)
  const header = Buffer.alloc(HEADER)
  header.set([addressFamily(to.family), bits, from ? bits : 0])
  header.writeUInt32LE(flags, 8)
  const words = wordsOf(question)
  const [reply] = ask(netns.socket, {
    type: rt.MessageType.GETROUTE,
    flags: 0,
    single: true,
    payload: (out) => {
      out.emit(header)
      out.push(Rta.DST, toBytes(to))
      if (from) out.push(Rta.SRC, toBytes(from))
      if (iif) out.push(Rta.IIF, putU32(iif.index))
      if (oif) out.push(Rta.OIF, putU32(oif.index))
      if (mark) out.push(Rta.MARK, putU32(mark))
      if (packet) out.push(Rta.IP_PROTO, Buffer.from([protocolNumber(packet)]))
      const port = packet?.destinationPort
      if (port !== undefined) out.push(Rta.DPORT, Buffer.from([port >> 8, port & 0xff]))
    },
    attempt: words,
    see: words,
  })
  return reply?.data ?? Buffer.alloc(HEADER)
}

function parse(message: Buffer): Omit<Route, 'entry' | 'command'> {
  const attribute = attributesIn(message, HEADER)
  const address = (type: number) => {
    const bytes = attribute(type)
    return bytes && fromBytes(bytes)
  }
  const via = attribute(Rta.VIA)?.subarray(2)
  return {
    type: types[message[TYPE] ?? 0] ?? 'unspec',
    link: attribute(Rta.OIF)?.readUInt32LE(0),
    gateway: address(Rta.GATEWAY) ?? (via && fromBytes(via)),
    source: address(Rta.PREFSRC),
    table: attribute(Rta.TABLE)?.readUInt32LE(0),
  }
}

/** The entry of the routing table that fits (Linux 5.4 for IPv6, 4.13 for IPv4). */
function entryOf(netns: Netns, question: Question): string | undefined {
  try {
    const message = asked(netns, question, FIB_MATCH)
    const prefix = message[DST_LENGTH] ?? 0
    const dst = attributesIn(message, HEADER)(Rta.DST)
    if (!dst) return prefix === 0 ? 'default' : undefined
    return formatCidr({ address: fromBytes(dst), prefix })
  } catch (error) {
    if (isErrno(error, 'EINVAL', 'EOPNOTSUPP', 'EXDEV', 'EHOSTUNREACH')) return undefined
    throw error
  }
}
