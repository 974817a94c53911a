/** Rules of the CAN gateway (can-gw), which passes frames from one CAN interface to another. Structures: linux/can/gw.h. */

import { parseAttributes, putU32 } from 'netlink/dist/structs.js'
import { isErrno } from '../kernel/errno.ts'
import type { LinkName } from './link.ts'
import { plain } from './nested.ts'
import { ask, dump, type Reply, type Request, type Socket } from './socket.ts'

/** Message types of routes, which these are to the kernel (include/uapi/linux/rtnetlink.h). */
const NEWROUTE = 24
const DELROUTE = 25
const GETROUTE = 26

/** struct rtcanmsg: family, type of gateway, flags. */
const AF_CAN = 29
const CGW_TYPE_CAN_CAN = 1
const Flags = { ECHO: 1, IIF_TX_OK: 4, FD: 8 } as const
const HEADER_LENGTH = 4

/** CGW_*: what a rule says. Those that count frames are no part of it. */
const Attribute = {
  MOD_SET: 4,
  HANDLED: 7,
  DROPPED: 8,
  SRC_IF: 9,
  DST_IF: 10,
  FILTER: 11,
  DELETED: 12,
  LIM_HOPS: 13,
  FDMOD_SET: 18,
} as const
const counters: number[] = [Attribute.HANDLED, Attribute.DROPPED, Attribute.DELETED]

/** What a modification writes (CGW_MOD_*). */
const Modified = { ID: 1, LEN: 2, DATA: 4 } as const

/** Flags in an identifier, include/uapi/linux/can.h. */
export const CanId = { EXTENDED: 0x80000000, INVERTED: 0x20000000 } as const

/** struct can_filter: a frame fits when its identifier has the bits of `id` where `mask` has ones. */
export interface CanFilter {
  id: number
  mask: number
}

/** What a frame is given on its way. */
export interface CanChange {
  id?: number
  len?: number
  data?: Buffer
}

export interface CanRule {
  from: LinkName
  to: LinkName
  /** For FD frames; without it, for classic ones. None is for both. */
  fd: boolean
  /** Programs that listen on `to` hear the frames as well, not only who is behind it. */
  echo?: boolean
  filter?: CanFilter
  set?: CanChange
}

/**
 * `cangw -A -s FROM -d TO -i -l 1 …`. A frame passes one rule only, so rules of both directions make no loop. The kernel's
 * own way not to send a frame back to where it came from (without `-i`) compares interface numbers of any namespaces: it
 * would drop what a container sends by an interface that has, in there, the number of the host's.
 */
export function newCanRule(rule: CanRule): Request {
  const { from, to, fd, echo } = rule
  return {
    type: NEWROUTE,
    flags: 0,
    payload: [header(flagsOf(rule)), ...attributesOf(rule).flatMap(([type, value]) => plain(type, value))],
    attempt: `pass CAN frames from ${from.name} to ${to.name}`,
    reproduce: `cangw -A -s ${from.name} -d ${to.name} -i -l 1${fd ? ' -X' : ''}${echo ? ' -e' : ''}`,
  }
}

function header(flags = 0): Buffer {
  return Buffer.from([AF_CAN, CGW_TYPE_CAN_CAN, flags, 0])
}

function flagsOf({ fd, echo }: CanRule): number {
  return Flags.IIF_TX_OK | (fd ? Flags.FD : 0) | (echo ? Flags.ECHO : 0)
}

function attributesOf({ from, to, fd, filter, set }: CanRule): [type: number, value: Buffer][] {
  const attributes: [number, Buffer][] = [[Attribute.LIM_HOPS, Buffer.from([1])]]
  if (set) attributes.push([fd ? Attribute.FDMOD_SET : Attribute.MOD_SET, changeOf(set, fd)])
  if (filter) attributes.push([Attribute.FILTER, Buffer.concat([u32(filter.id), u32(filter.mask)])])
  return [...attributes, [Attribute.SRC_IF, u32(from.index)], [Attribute.DST_IF, u32(to.index)]]
}

function u32(value: number): Buffer {
  return Buffer.from(putU32(value >>> 0))
}

/** struct cgw_frame_mod, cgw_fdframe_mod: a frame, and which parts of it count. */
function changeOf({ id, len, data }: CanChange, fd: boolean): Buffer {
  const frame = Buffer.alloc((fd ? 72 : 16) + 1)
  frame.set(u32(id ?? 0), 0)
  frame[4] = len ?? 0
  frame.set(data ?? [], 8)
  frame[frame.length - 1] =
    (id === undefined ? 0 : Modified.ID) | (len === undefined ? 0 : Modified.LEN) | (data ? Modified.DATA : 0)
  return frame
}

/** A rule as the kernel tells it, letter for letter. */
export type FoundRule = string

/** All rules of the socket's namespace. Equivalent to `cangw -L`. */
export function listCanRules(socket: Socket): FoundRule[] {
  const request = {
    type: GETROUTE,
    payload: [header()],
    attempt: 'list rules of can-gw',
    see: 'cangw -L',
  }
  return dump(socket, request)
    .filter(({ data }) => data[0] === AF_CAN)
    .map(toFound)
}

function toFound({ data }: Reply): FoundRule {
  const attributes: [number, Buffer][] = []
  parseAttributes(data.subarray(HEADER_LENGTH), ({ type, data: value }) => {
    if (!counters.includes(type)) attributes.push([type, value])
  })
  return canonical(data.readUInt16LE(2), attributes)
}

function canonical(flags: number, attributes: [number, Buffer][]): FoundRule {
  const words = attributes.map(([type, value]) => `${type}:${value.toString('hex')}`)
  return [flags, ...words.sort()].join(' ')
}

/** Whether a rule is among those that were found. */
export function isAmong(found: FoundRule[], rule: CanRule): boolean {
  return found.includes(canonical(flagsOf(rule), attributesOf(rule)))
}

/** Whether the kernel has can-gw: asked to remove a rule that names no interfaces, it says so, and without can-gw otherwise. */
export function hasCanGateway(socket: Socket): boolean {
  const request: Request = {
    type: DELROUTE,
    flags: 0,
    payload: [header()],
    attempt: 'look for can-gw',
    see: 'cangw -L',
  }
  try {
    ask(socket, request)
  } catch (error) {
    return !isErrno(error, 'EOPNOTSUPP')
  }
  return true
}
