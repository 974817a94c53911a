/** Frames of a namespace's interfaces, from a packet socket (packet(7)) with the kernel's times. */

import { wallClock } from '../../shared/kernel/clock.ts'
import { Errno, KernelError } from '../../shared/kernel/errno.ts'
import type { Fd } from '../../shared/kernel/files.ts'
import { must, syscall } from '../../shared/kernel/syscall.ts'
import { attachFilter } from '../../shared/netlink/socket-filter.ts'
import { type Condition, programOf, SNAPLEN } from './condition.ts'

/** A frame. */
export interface Frame {
  /** Nanoseconds since the epoch. */
  time: bigint
  /** Index of the interface. */
  link: number
  isOutgoing: boolean
  /** The kind of its header: ARPHRD_*, include/uapi/linux/if_arp.h. */
  hardware: number
  /** The EtherType, also where the frame has no Ethernet header. */
  protocol: number
  /** Its bytes on the wire; `data` may have fewer. */
  length: number
  data: Buffer
}

const [AF_PACKET, SOCK_RAW, SOCK_CLOEXEC, ETH_P_ALL] = [17, 3, 0o2000000, 0x0300]
const [SOL_SOCKET, SO_RCVBUFFORCE, SOL_PACKET, PACKET_STATISTICS] = [1, 33, 263, 6]
const [MSG_TRUNC, MSG_DONTWAIT] = [0x20, 0x40]
const SIOCGSTAMPNS = 0x8907
const PACKET_OUTGOING = 4
/** Room for bursts, bytes. */
const BUFFER_BYTES = 32 * 1024 * 1024

/**
 * Opens a socket in the current namespace. It gets no frame before its filter is there: until then it is bound to no protocol.
 * @param link index of an interface; 0 for all
 */
export function openFrames(link: number, filter: Condition | undefined): Fd {
  const fd = must('open a packet socket', 'socket', AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)
  if (filter) attachFilter(fd, programOf(filter))
  const size = Buffer.alloc(4)
  size.writeUInt32LE(BUFFER_BYTES)
  syscall('setsockopt', fd, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length)
  // The first question has the kernel note times from now on.
  syscall('ioctl', fd, SIOCGSTAMPNS, Buffer.alloc(16))
  const address = Buffer.alloc(20)
  address.writeUInt16LE(AF_PACKET, 0)
  address.writeUInt16LE(ETH_P_ALL, 2)
  address.writeInt32LE(link, 4)
  must('bind a packet socket', 'bind', fd, address, address.length)
  return fd
}

/** Where the kernel writes a frame, its struct sockaddr_ll and its time. */
interface Space {
  data: Buffer
  from: Buffer
  size: Buffer
  timespec: Buffer
}

let space: Space | undefined

function newSpace(): Space {
  return {
    data: Buffer.alloc(SNAPLEN),
    from: Buffer.alloc(20),
    size: Buffer.alloc(4),
    timespec: Buffer.alloc(16),
  }
}

/** The next frame; undefined when none waits. Its data is valid until the next call. */
export function readFrame(fd: Fd): Frame | undefined {
  space ??= newSpace()
  const { data, from, size, timespec } = space
  size.writeUInt32LE(from.length, 0)
  const length = syscall('recvfrom', fd, data, data.length, MSG_TRUNC | MSG_DONTWAIT, from, size)
  if (length === -Errno.EAGAIN) return undefined
  // The interface was set down, or another socket's error: later frames come all the same.
  if (length === -Errno.ENETDOWN) return undefined
  if (length < 0) throw new KernelError(-length, 'receive a frame')
  return {
    time: timeOf(fd, timespec),
    link: from.readInt32LE(4),
    isOutgoing: from[10] === PACKET_OUTGOING,
    hardware: from.readUInt16LE(8),
    protocol: from.readUInt16BE(2),
    length,
    data: data.subarray(0, Math.min(length, data.length)),
  }
}

function timeOf(fd: Fd, timespec: Buffer): bigint {
  if (syscall('ioctl', fd, SIOCGSTAMPNS, timespec) < 0) return wallClock()
  return timespec.readBigInt64LE(0) * 1_000_000_000n + timespec.readBigInt64LE(8)
}

/** The frames that came while the socket had no room, since the last question. */
export function dropped(fd: Fd): number {
  const statistics = Buffer.alloc(8)
  const size = Buffer.from([8, 0, 0, 0])
  return syscall('getsockopt', fd, SOL_PACKET, PACKET_STATISTICS, statistics, size) < 0
    ? 0
    : statistics.readUInt32LE(4)
}
