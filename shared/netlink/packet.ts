/** Sends and receives frames on an interface through a packet socket (packet(7)). Closing one waits for an RCU grace period. */

import { now, waitReadable } from '../kernel/clock.ts'
import { Errno, KernelError, tolerate } from '../kernel/errno.ts'
import { close, type Fd } from '../kernel/files.ts'
import { must, syscall } from '../kernel/syscall.ts'
import type { LinkName } from './link.ts'
import { attachFilter } from './socket-filter.ts'

const AF_PACKET = 17
const [SOCK_STREAM, SOCK_RAW] = [1, 3]
const SOCK_CLOEXEC = 0o2000000
const SOL_PACKET = 263
const PACKET_ADD_MEMBERSHIP = 1
const PACKET_MR_ALLMULTI = 2
/** ETH_P_ALL and ETH_P_IP in network order, for socket(2) and sockaddr_ll. */
const [ETH_P_ALL, ETH_P_IP] = [0x0300, 0x0008]
const MSG_DONTWAIT = 0x40
const LONGEST_FRAME = 2048

/** @param protocol the EtherType in network order; 0 receives nothing yet @throws KernelError EPERM, EAFNOSUPPORT */
function newPacketSocket(protocol: number): Fd {
  return must('open a packet socket', 'socket', AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, protocol)
}

function bindTo({ name, index }: LinkName, fd: Fd, protocol: number): void {
  const address = Buffer.alloc(20)
  address.writeUInt16LE(AF_PACKET, 0)
  address.writeUInt16LE(protocol, 2)
  address.writeInt32LE(index, 4)
  must(`bind a packet socket to ${name}`, 'bind', fd, address, address.length)
}

/** Opens a socket that receives the frames of IPv4 on an interface that pass a filter, from the first one on. */
export function openIpv4Socket(link: LinkName, filter: Buffer): Fd {
  const fd = newPacketSocket(0)
  try {
    attachFilter(fd, filter)
    bindTo(link, fd, ETH_P_IP)
    return fd
  } catch (error) {
    close(fd)
    throw error
  }
}

/**
 * Whether this process may have packet sockets, and the kernel has them. It asks for a type that they do not have, which is refused last
 * (net/packet/af_packet.c packet_create): so there is no socket, whose close would wait. @throws KernelError EPERM, EAFNOSUPPORT
 */
export function requirePacketSockets(): void {
  tolerate(() => close(must('open a packet socket', 'socket', AF_PACKET, SOCK_STREAM, 0)), 'ESOCKTNOSUPPORT')
}

/** Opens a socket that receives every frame of an interface of the current namespace, multicast included. */
export function openPacketSocket({ name, index }: LinkName): Fd {
  const fd = newPacketSocket(ETH_P_ALL)
  bindTo({ name, index }, fd, ETH_P_ALL)
  const membership = Buffer.alloc(16)
  membership.writeInt32LE(index, 0)
  membership.writeUInt16LE(PACKET_MR_ALLMULTI, 4)
  must(`receive multicast on ${name}`, 'setsockopt', fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership, 16)
  return fd
}

export function sendFrame(fd: Fd, frame: Uint8Array): void {
  must('send a frame', 'sendto', fd, frame, frame.length, 0, 0, 0)
}

/** Receives frames for a time (milliseconds), or until `read` returns a value for one. */
export function receiveFrames<T>(
  fd: Fd,
  milliseconds: number,
  read: (frame: Buffer) => T | undefined,
): T | undefined {
  const until = now() + milliseconds
  const buffer = Buffer.alloc(LONGEST_FRAME)
  for (let left = milliseconds; left > 0; left = until - now()) {
    if (!waitReadable(fd, left)) continue
    const frame = nextFrame(fd, buffer)
    const value = frame && read(frame)
    if (value !== undefined) return value
  }
  return undefined
}

/** The next frame that waits, in the buffer; undefined when none does. An interface that is down (ENETDOWN) has none. @throws KernelError */
export function nextFrame(fd: Fd, buffer = Buffer.alloc(LONGEST_FRAME)): Buffer | undefined {
  const length = syscall('recvfrom', fd, buffer, buffer.length, MSG_DONTWAIT, 0, 0)
  if (length === -Errno.EAGAIN || length === -Errno.ENETDOWN) return undefined
  if (length < 0) throw new KernelError(-length, 'receive a frame')
  return buffer.subarray(0, length)
}
