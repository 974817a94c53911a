/** The messages of traffic control: struct tcmsg (include/uapi/linux/rtnetlink.h), the handles of qdiscs and classes, and rates. */

import { putString, type StreamData } from 'netlink/dist/structs.js'
import { attributesIn, textOf } from './attributes.ts'
import type { LinkName } from './link.ts'

/** What a qdisc, class or filter hangs on (include/uapi/linux/pkt_sched.h). */
export const Parent = { ROOT: 0xffffffff, INGRESS: 0xfffffff1 } as const

/** The handle of the qdisc `ingress`, which the kernel fixes: `ffff:` in tc. */
export const INGRESS_HANDLE = 0xffff0000

const HEADER_LENGTH = 20
/** TCA_KIND and TCA_OPTIONS. */
const [KIND, OPTIONS] = [1, 2]

/** Where an object of traffic control is. */
export interface TcPlace {
  index: number
  handle?: number
  parent?: number
  /** Filters: preference and protocol. */
  info?: number
}

/** A qdisc, class or filter in the kernel's answer. */
export interface TcObject extends Required<TcPlace> {
  kind: string
  options: Buffer
}

/** The payload of a request. @param kind of the object, with its options; none to find or delete it */
export function tcMessage(
  { index, handle = 0, parent = 0, info = 0 }: TcPlace,
  kind?: string,
  options?: StreamData,
): StreamData {
  const header = Buffer.alloc(HEADER_LENGTH)
  header.writeInt32LE(index, 4)
  header.writeUInt32LE(handle, 8)
  header.writeUInt32LE(parent, 12)
  header.writeUInt32LE(info, 16)
  return (out) => {
    out.emit(header)
    if (kind !== undefined) out.push(KIND, putString(kind))
    if (options !== undefined) out.push(OPTIONS, options)
  }
}

/** The object in RTM_NEWQDISC, RTM_NEWTCLASS or RTM_NEWTFILTER. */
export function parseTc({ data }: { data: Buffer }): TcObject {
  const attribute = attributesIn(data, HEADER_LENGTH)
  return {
    index: data.readInt32LE(4),
    handle: data.readUInt32LE(8),
    parent: data.readUInt32LE(12),
    info: data.readUInt32LE(16),
    kind: textOf(attribute(KIND)) ?? '',
    options: attribute(OPTIONS) ?? Buffer.alloc(0),
  }
}

/** A handle as tc writes it: `root`, `ingress`, `1:`, `1:30`. */
export function handleWords(handle: number): string {
  if (handle === Parent.ROOT) return 'root'
  if (handle === Parent.INGRESS) return 'ingress'
  const minor = handle & 0xffff
  return `${(handle >>> 16).toString(16)}:${minor === 0 ? '' : minor.toString(16)}`
}

/** `tc KIND show dev LINK`: the command that shows what hangs on a link. */
export function seeTc(object: 'qdisc' | 'class' | 'filter', { name }: Pick<LinkName, 'name'>): string {
  return `tc ${object} show dev ${name}`
}

const RATE_LENGTH = 12
/** TC_LINKLAYER_ETHERNET: the kernel computes with the rate, and needs no table of sizes. */
const LINKLAYER_ETHERNET = 1
const MOST_32 = 0xffffffff

/** struct tc_ratespec of a rate in bytes per second; one of 2^32 or more needs an attribute besides (`rate64`). */
export function rateSpec(rate: number): Buffer {
  const spec = Buffer.alloc(RATE_LENGTH)
  spec[1] = LINKLAYER_ETHERNET
  spec.writeUInt32LE(Math.min(rate, MOST_32), 8)
  return spec
}

/** A rate as 64 bits, where 32 are too few. */
export function rate64(rate: number): Buffer | undefined {
  if (rate <= MOST_32) return undefined
  const value = Buffer.alloc(8)
  value.writeUInt32LE(rate % 2 ** 32, 0)
  value.writeUInt32LE(Math.floor(rate / 2 ** 32), 4)
  return value
}

/** A rate in bytes per second. @param spec struct tc_ratespec @param wide the attribute of 64 bits, if there is one */
export function readRate(spec: Buffer, wide: Buffer | undefined): number {
  return wide ? wide.readUInt32LE(4) * 2 ** 32 + wide.readUInt32LE(0) : spec.readUInt32LE(8)
}

/** Nanoseconds of a tick, the unit of `buffer` (PSCHED_SHIFT, include/net/pkt_sched.h). */
const TICK = 64

/** Seconds that a burst may last where the kernel is told its ticks only, in 32 bits. */
export const LONGEST = (2 ** 32 * TICK) / 1e9

/**
 * The time that a burst lasts at a rate, in ticks, modulo 2^32 as in the kernel's messages. Above a millisecond it is cut to microseconds,
 * as tc and the reference plugin do. @param burst bytes @param rate bytes per second
 */
export function ticksOf(burst: number, rate: number): number {
  const us = (burst * 1e6) / rate
  const ticks = us < 1000 ? Math.ceil((us * 1000) / TICK) : Math.floor((Math.floor(us) * 1000) / TICK)
  return ticks % 2 ** 32
}
