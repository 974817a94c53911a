/** The form of netlink messages (RFC 3549 section 2, include/uapi/linux/netlink.h): requests are encoded, answers are split and judged. */

import { formatHeader, HEADER_LENGTH, type StreamData } from 'netlink/dist/structs.js'
import { type Commands, Errno, KernelError } from '../kernel/errno.ts'
import { attributeIn, textOf } from './attributes.ts'
import { commandIn, type Place } from './command.ts'
import type { Datagram } from './datagram.ts'

/** Message flags, include/uapi/linux/netlink.h. */
export const Flag = {
  REQUEST: 1,
  MULTI: 2,
  ACK: 4,
  ECHO: 8,
  DUMP_INTR: 0x10,
  CAPPED: 0x100,
  ACK_TLVS: 0x200,
  DUMP: 0x300,
  REPLACE: 0x100,
  EXCL: 0x200,
  CREATE: 0x400,
  APPEND: 0x800,
} as const

const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLMSGERR_ATTR_MSG = 1

/** A request, with the equivalent command of iproute2 or another tool for errors. */
export interface Request extends Commands {
  type: number
  /** REQUEST is always added, and ACK unless the answer shows its end without. */
  flags: number
  payload: StreamData
  /** The action, for the error message: `create bridge cni0`. */
  attempt: string
  /** Sent without a request for an acknowledgement: batch markers of nfnetlink. */
  unacknowledged?: boolean
  /** The answer is one message, or an error: no acknowledgement is asked for. */
  single?: boolean
}

/** One message of an answer. */
export interface Reply {
  type: number
  data: Buffer
}

export interface Message extends Reply {
  flags: number
  seq: number
}

/** Whether a message is the last one of its answer. */
export function isEnd({ type }: Message): boolean {
  return type === NLMSG_ERROR || type === NLMSG_DONE
}

/** The error in an acknowledgement or in the end of a dump; undefined when there is none. */
export function failureOf(
  { type, flags, data }: Message,
  request: Request,
  place: Place,
): KernelError | undefined {
  if (flags & Flag.DUMP_INTR && flags & Flag.MULTI) return new DumpInterrupted(request.attempt)
  if (type !== NLMSG_ERROR && type !== NLMSG_DONE) return undefined
  const errno = data.length >= 4 ? -data.readInt32LE(0) : 0
  if (errno === 0) return undefined
  const { attempt, see, reproduce } = request
  return new KernelError(errno, attempt, {
    extack: extackOf(type, flags, data),
    see: see && commandIn(place, see),
    reproduce: reproduce && commandIn(place, reproduce),
  })
}

/** The kernel's explanation (NLMSGERR_ATTR_MSG), which follows the copy of the request. */
function extackOf(type: number, flags: number, data: Buffer): string | undefined {
  if (!(flags & Flag.ACK_TLVS)) return undefined
  const echoed = type === NLMSG_DONE ? 0 : flags & Flag.CAPPED ? HEADER_LENGTH : data.readUInt32LE(4)
  return textOf(attributeIn(data, NLMSGERR_ATTR_MSG, 4 + echoed + (-echoed & 3)))
}

/** The list changed while it was read. */
export class DumpInterrupted extends KernelError {
  constructor(attempt: string) {
    super(Errno.EAGAIN, attempt, { extack: 'the list kept changing while it was read' })
  }
}

/** Adds a request to a datagram. */
export function encode(
  { type, flags, payload, unacknowledged, single }: Request,
  seq: number,
  out: Datagram,
): void {
  const start = out.reserve(HEADER_LENGTH)
  out.emit(payload)
  const length = out.length - start
  const acknowledge = unacknowledged || single || (flags & Flag.DUMP) === Flag.DUMP ? 0 : Flag.ACK
  out
    .bytes()
    .set(formatHeader({ length, type, flags: flags | Flag.REQUEST | acknowledge, seq, port: 0 }), start)
  out.align()
}

/** The messages of a datagram. */
export function split(datagram: Buffer): Message[] {
  const messages: Message[] = []
  for (let at = 0; at + HEADER_LENGTH <= datagram.length; ) {
    const length = Math.max(datagram.readUInt32LE(at), HEADER_LENGTH)
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      seq: datagram.readUInt32LE(at + 8),
      data: datagram.subarray(at + HEADER_LENGTH, at + length),
    })
    at += length + (-length & 3)
  }
  return messages
}
