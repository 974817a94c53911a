/** Echo requests (RFC 792, RFC 4443) from a namespace: no program is needed in it. */

import { type Address, formatAddress } from '../../shared/ip/address.ts'
import { now, waitReadable } from '../../shared/kernel/clock.ts'
import type { Namespace } from '../../shared/kernel/namespace.ts'
import { syscall } from '../../shared/kernel/syscall.ts'
import { type End, forbidFragments, type InetSocket, receiveFrom, sendTo, withSocket } from './inet-socket.ts'

/** Types of messages, by family. */
const Type = { REQUEST: { 4: 8, 6: 128 }, REPLY: { 4: 0, 6: 129 } } as const
/** Of messages that say why a packet did not arrive: unreachable, and too big, which IPv4 has as a code of the former. */
const unreachable = { 4: [3], 6: [1, 2] } as const
const HEADER = 8
const INTERVAL_MILLISECONDS = 250

export interface Echo {
  /** Undefined: the host's. */
  from?: Namespace
  to: End
  /** How long to go on, milliseconds. */
  milliseconds: number
  /** Bytes of the whole packet, which then is not fragmented. */
  size?: number
}

/** The bytes of a packet before the data of an echo request. */
export function overhead(family: 4 | 6): number {
  return (family === 4 ? 20 : 40) + HEADER
}

/** Sends requests until one is answered. @returns why none was; undefined when one was @throws KernelError */
export function ping({ from, to, milliseconds, size }: Echo): string | undefined {
  const { family } = to.address
  const data = size === undefined ? 8 : Math.max(0, size - overhead(family))
  return withSocket('icmp', family, from, (socket) => {
    if (size !== undefined) forbidFragments(socket)
    const end = now() + milliseconds
    const id = syscall('getpid') & 0xffff
    let why = `${formatAddress(to.address)} does not answer`
    for (let sequence = 1; now() < end; sequence++) {
      const refused = sendTo(socket, echoRequest(family, id, sequence, data), to)
      // More packets of this size are refused, too.
      if (refused === 'EMSGSIZE') return refused
      const heard = hear(socket, id, Math.min(INTERVAL_MILLISECONDS, end - now()))
      if (heard === 'answered') return undefined
      if (refused) why = `the kernel refuses to send to ${formatAddress(to.address)}: ${refused}`
      else if (heard) why = `${formatAddress(to.address)}: ${heard}`
    }
    return why
  })
}

/** Milliseconds until a host answers; undefined when it does not within the time. @throws KernelError EPERM without CAP_NET_RAW */
export function timeOfEcho(address: Address, milliseconds = 1000): number | undefined {
  const begin = now()
  return ping({ to: { address }, milliseconds }) === undefined ? now() - begin : undefined
}

/** An echo request. @param data how many bytes follow its header */
export function echoRequest(family: 4 | 6, id: number, sequence: number, data: number): Buffer {
  const message = Buffer.alloc(HEADER + data)
  message.writeUInt8(Type.REQUEST[family], 0)
  message.writeUInt16BE(id, 4)
  message.writeUInt16BE(sequence, 6)
  // The kernel computes that of ICMPv6, which has a pseudo-header in it.
  if (family === 4) message.writeUInt16BE(checksum(message), 2)
  return message
}

/** RFC 1071. */
function checksum(message: Buffer): number {
  let sum = message.length % 2 === 1 ? (message[message.length - 1] ?? 0) << 8 : 0
  for (let at = 0; at + 1 < message.length; at += 2) sum += message.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return ~sum & 0xffff
}

/** Waits for an answer. @returns `answered`, or what a router says; undefined when nothing came */
function hear(socket: InetSocket, id: number, milliseconds: number): string | undefined {
  const end = now() + milliseconds
  for (let left = milliseconds; left > 0; left = end - now()) {
    if (!waitReadable(socket.fd, left)) continue
    const received = receiveFrom(socket)
    if (!received) continue
    const said = meaningOf(messageIn(received.data, socket.family), id, socket.family)
    if (said === 'answered') return said
    if (said) return `${formatAddress(received.from.address)} reports: ${said}`
  }
  return undefined
}

/** The message in what a raw socket receives: of IPv4 with the header of the packet. */
export function messageIn(packet: Buffer, family: 4 | 6): Buffer {
  return family === 4 ? packet.subarray(((packet[0] ?? 0) & 15) * 4) : packet
}

/** Whether a message answers a request. */
export function isReply(message: Buffer, id: number, family: 4 | 6): boolean {
  return message.length >= HEADER && message[0] === Type.REPLY[family] && message.readUInt16BE(4) === id
}

function meaningOf(message: Buffer, id: number, family: 4 | 6): string | undefined {
  if (message.length < HEADER) return undefined
  const type = message.readUInt8(0)
  if (type === Type.REPLY[family]) return isReply(message, id, family) ? 'answered' : undefined
  if (!unreachable[family].some((one) => one === type)) return undefined
  // An error quotes the packet that it is about.
  const quoted = message.subarray(HEADER)
  const own = family === 4 ? quoted.subarray(((quoted[0] ?? 0) & 15) * 4) : quoted.subarray(40)
  if (own.length < HEADER || own.readUInt16BE(4) !== id) return undefined
  const isTooBig = family === 4 ? message.readUInt8(1) === 4 : type === 2
  return isTooBig ? 'packet too big' : `unreachable, code ${message.readUInt8(1)}`
}
