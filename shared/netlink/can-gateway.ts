/** Rules of the CAN gateway (can-gw), which forwards frames from one CAN interface to another. Structures: linux/can/gw.h. */

import { parseAttributes, putU32 } from 'netlink/dist/structs.js'
import { isErrno } from '../kernel/errno.ts'
import type { LinkName } from './link.ts'
import { plain } from './nested.ts'
import { ask, dump, type Reply, type Request, type Socket } from './socket.ts'

/** can-gw uses the message types of routes (include/uapi/linux/rtnetlink.h). */
const NEWROUTE = 24
const DELROUTE = 25
const GETROUTE = 26

/** struct rtcanmsg: family, type of gateway, flags. */
const AF_CAN = 29
const CGW_TYPE_CAN_CAN = 1
const Flags = { ECHO: 1, IIF_TX_OK: 4, FD: 8 } as const
const HEADER_LENGTH = 4

/** CGW_*: the attributes of a rule. The counters of frames are not part of its configuration. */
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

/** The parts of a frame that a modification sets (CGW_MOD_*). */
const Modified = { ID: 1, LEN: 2, DATA: 4 } as const

/** Flags in an identifier, include/uapi/linux/can.h. */
export const CanId = { EXTENDED: 0x80000000, INVERTED: 0x20000000 } as const

/** struct can_filter: a frame matches when its identifier has the bits of `id` where `mask` has ones. */
export interface CanFilter {
  id: number
  mask: number
}

/** The changes that a rule makes to frames. */
export interface CanChange {
  id?: number
  len?: number
  data?: Buffer
}

export interface CanRule {
  from: LinkName
  to: LinkName
  /** True for a rule for FD frames, false for classic frames. No rule is for both. */
  fd: boolean
  /** Local programs that listen on `to` receive the frames, too. */
  echo?: boolean
  filter?: CanFilter
  set?: CanChange
}

/**
 * `cangw -A -s FROM -d TO -i -l 1 …`. With `-l 1` at most one rule forwards a frame, so rules in both directions make no
 * loop. Without `-i` the kernel drops a frame whose first interface has the index of the output interface, also when the
 * two are in different namespaces: it would drop frames of a container whose interface has the index of the host's.
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

/** struct cgw_frame_mod, cgw_fdframe_mod: a frame, and the parts of it that are set. */
function changeOf({ id, len, data }: CanChange, fd: boolean): Buffer {
  const frame = Buffer.alloc((fd ? 72 : 16) + 1)
  frame.set(u32(id ?? 0), 0)
  frame[4] = len ?? 0
  frame.set(data ?? [], 8)
  frame[frame.length - 1] =
    (id === undefined ? 0 : Modified.ID) | (len === undefined ? 0 : Modified.LEN) | (data ? Modified.DATA : 0)
  return frame
}

/** A rule in the kernel, as a text for comparison. */
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

/** Whether the kernel has can-gw. It is asked to remove a rule without interfaces: a kernel without can-gw answers EOPNOTSUPP. */
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
