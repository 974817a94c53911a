/** Connection tracking (ctnetlink, include/uapi/linux/netfilter/nfnetlink_conntrack.h): flows of UDP are listed by a filter, and deleted one by one. */

import { putU16be, putU32, type StreamData } from 'netlink/dist/structs.js'
import { type Address, formatAddress, fromBytes, sameAddress, toBytes } from '../ip/address.ts'
import { addressFamily } from './address.ts'
import { attributeIn, attributesIn } from './attributes.ts'
import { nested, plain } from './nested.ts'
import { familyHeader } from './nftables.ts'
import { dump, type Reply, type Request, type Socket } from './socket.ts'

const NFNL_SUBSYS_CTNETLINK = 1
/** Messages (enum cntl_msg_types). */
const Message = { GET: 1, DELETE: 2 } as const
/** Attributes: enum ctattr_type, ctattr_tuple, ctattr_l4proto. Those of an address are numbered by family and side. */
const Cta = { TUPLE_ORIG: 1, TUPLE_REPLY: 2, STATUS: 3, ID: 12, ZONE: 18, FILTER: 25 } as const
const Tuple = { IP: 1, PROTO: 2 } as const
const Proto = { NUM: 1, SRC_PORT: 2, DST_PORT: 3 } as const
const Ip = { 4: { SRC: 1, DST: 2 }, 6: { SRC: 3, DST: 4 } } as const
/** Attributes of CTA_FILTER (enum ctattr_filter), and its flags: which parts of a tuple are compared (net/netfilter/nf_internals.h). */
const Filter = { ORIG_FLAGS: 1, REPLY_FLAGS: 2 } as const
const Compare = { IP_SRC: 1, PROTO_NUM: 8, PROTO_DST_PORT: 0x20 } as const

const IPPROTO_UDP = 17
/** include/uapi/linux/netfilter/nf_conntrack_common.h */
const IPS_DST_NAT = 0x20
/** struct nfgenmsg before the attributes. */
const HEADER = 4

/** One end of a flow. */
export interface End {
  address: Address
  port: number
}

/** A flow of UDP that the kernel tracks. */
export interface Flow {
  source: End
  /** Where the source sends to. */
  destination: End
  /** Where the packets go: another end than `destination` after DNAT. */
  target: End
  /** The destination was translated when the flow began. */
  isTranslated: boolean
  /** What identifies the flow, as the kernel sends it: without the tuple a deletion would be of all flows. */
  key: { tuple: Buffer; id: Buffer | undefined; zone: Buffer | undefined }
}

/** Which flows to list: all of a family, those of one destination port, or those that lead to an address. */
export type FlowFilter = { family: 4 | 6; port?: number } | { target: Address }

/**
 * The flows of UDP that fit. The kernel filters them since Linux 5.8; an older one sends all flows, and they are filtered here.
 * Equivalent to `conntrack -L -p udp --orig-port-dst PORT`, or `--reply-src ADDRESS`.
 * @param socket of the protocol NETFILTER
 * @throws KernelError EINVAL when the kernel has no ctnetlink
 */
export function listUdpFlows(socket: Socket, filter: FlowFilter): Flow[] {
  const family = 'target' in filter ? filter.target.family : filter.family
  const words = `conntrack -L -f ipv${family} -p udp ${wordsOf(filter)}`.trim()
  const question = {
    ...request(family, Message.GET, filterAttributes(filter)),
    attempt: `list the flows of UDP: ${words}`,
    see: words,
  }
  return dump(socket, question).flatMap(parseFlow).filter(fits(filter))
}

function wordsOf(filter: FlowFilter): string {
  if ('target' in filter) return `--reply-src ${formatAddress(filter.target)}`
  return filter.port === undefined ? '' : `--orig-port-dst ${filter.port}`
}

function fits(filter: FlowFilter) {
  return ({ destination, target }: Flow) =>
    'target' in filter
      ? sameAddress(target.address, filter.target)
      : filter.port === undefined || filter.port === destination.port
}

/** The tuple to compare with, in its direction, and the flags that say which parts of it count. */
function filterAttributes(filter: FlowFilter): StreamData {
  const udp = plain(Proto.NUM, Buffer.from([IPPROTO_UDP]))
  if ('target' in filter) {
    const { target } = filter
    const ip = nested(Tuple.IP, plain(Ip[target.family].SRC, toBytes(target)))
    const flags = Compare.IP_SRC | Compare.PROTO_NUM
    return comparing(Cta.TUPLE_REPLY, Filter.REPLY_FLAGS, flags, ip, nested(Tuple.PROTO, udp))
  }
  const { port } = filter
  const destination = port === undefined ? [] : plain(Proto.DST_PORT, putU16be(port))
  const flags = Compare.PROTO_NUM | (port === undefined ? 0 : Compare.PROTO_DST_PORT)
  return comparing(Cta.TUPLE_ORIG, Filter.ORIG_FLAGS, flags, nested(Tuple.PROTO, udp, destination))
}

function comparing(direction: number, which: number, flags: number, ...tuple: StreamData[]): StreamData {
  const parts = Object.values(Filter).map((part) => plain(part, putU32(part === which ? flags : 0)))
  return [...nested(direction, ...tuple), ...nested(Cta.FILTER, ...parts)]
}

/** `conntrack -D …` of one flow; ENOENT when it has ended, or when another one has its tuple. */
export function deleteFlow({ source, destination, key }: Flow): Request {
  const { family } = source.address
  const attributes: StreamData = (out) => {
    out.emit(nested(Cta.TUPLE_ORIG, key.tuple))
    if (key.id) out.emit(plain(Cta.ID, key.id))
    if (key.zone) out.emit(plain(Cta.ZONE, key.zone))
  }
  const ends = `--orig-src ${formatAddress(source.address)} --sport ${source.port} --orig-dst ${formatAddress(destination.address)} --dport ${destination.port}`
  return {
    ...request(family, Message.DELETE, attributes),
    attempt: `delete the flow from ${formatAddress(source.address)} to UDP port ${destination.port}`,
    reproduce: `conntrack -D -f ipv${family} -p udp ${ends}`,
  }
}

function request(
  family: 4 | 6,
  message: number,
  attributes: StreamData,
): Pick<Request, 'type' | 'flags' | 'payload'> {
  return {
    type: (NFNL_SUBSYS_CTNETLINK << 8) | message,
    flags: 0,
    payload: (out) => {
      out.emit(familyHeader(addressFamily(family)))
      out.emit(attributes)
    },
  }
}

/** The flow in a message; none when it is of another protocol. */
function parseFlow({ data }: Reply): Flow[] {
  const attribute = attributesIn(data, HEADER)
  const [tuple, reply] = [attribute(Cta.TUPLE_ORIG), attribute(Cta.TUPLE_REPLY)]
  const [sent, answered] = [parseTuple(tuple), parseTuple(reply)]
  if (!tuple || !sent || !answered) return []
  const status = attribute(Cta.STATUS)?.readUInt32BE(0) ?? 0
  return [
    {
      ...sent,
      target: answered.source,
      isTranslated: (status & IPS_DST_NAT) !== 0,
      key: { tuple, id: attribute(Cta.ID), zone: attribute(Cta.ZONE) },
    },
  ]
}

/** The ends in a tuple; undefined when it is not of UDP. */
function parseTuple(tuple: Buffer = Buffer.alloc(0)): Pick<Flow, 'source' | 'destination'> | undefined {
  const ip = attributeIn(tuple, Tuple.IP)
  const proto = attributesIn(attributeIn(tuple, Tuple.PROTO) ?? Buffer.alloc(0))
  if (!ip || proto(Proto.NUM)?.readUInt8(0) !== IPPROTO_UDP) return undefined
  return {
    source: endOf(ip, 'SRC', proto(Proto.SRC_PORT)),
    destination: endOf(ip, 'DST', proto(Proto.DST_PORT)),
  }
}

function endOf(ip: Buffer, side: 'SRC' | 'DST', port: Buffer | undefined): End {
  const address = attributeIn(ip, Ip[4][side]) ?? attributeIn(ip, Ip[6][side]) ?? Buffer.alloc(4)
  return { address: fromBytes(address), port: port?.readUInt16BE(0) ?? 0 }
}
