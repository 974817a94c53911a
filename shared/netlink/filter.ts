/** Filters of the classifier u32: into a class by subnet, and the redirection of all that a link receives (include/uapi/linux/pkt_cls.h). */

import * as rt from 'netlink/dist/rt/structs.js'
import { putString, putU32, type StreamData } from 'netlink/dist/structs.js'
import { toBytes } from '../ip/address.ts'
import { type Cidr, formatCidr, lastOf, networkOf } from '../ip/subnet.ts'
import type { LinkName } from './link.ts'
import { Flag, type Request } from './socket.ts'
import { handleWords, INGRESS_HANDLE, seeTc, tcMessage } from './traffic-control.ts'
import {
  ACT_KIND,
  ACT_OPTIONS,
  EGRESS_REDIRECT,
  ETH_P_ALL,
  families,
  KEY_LENGTH,
  MIRRED_LENGTH,
  MIRRED_PARMS,
  networkOrder,
  SEL_LENGTH,
  STOLEN,
  TERMINAL,
  U32,
} from './u32.ts'

const { NEWTFILTER } = rt.MessageType

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
