/** Sockets of the Internet protocols, opened in a namespace and used from outside (ip(7), ipv6(7), raw(7), tcp(7)). */

import { type Address, fromBytes, toBytes } from '../../shared/ip/address.ts'
import { Errno, errnoName, KernelError } from '../../shared/kernel/errno.ts'
import { close, type Fd } from '../../shared/kernel/files.ts'
import { inNamespace, type Namespace } from '../../shared/kernel/namespace.ts'
import { must, syscall } from '../../shared/kernel/syscall.ts'
import { addressFamily } from '../../shared/netlink/address.ts'

const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const SOL_SOCKET = 1
const SO_SNDTIMEO = 21
/** Options of IPPROTO_IP and IPPROTO_IPV6 (include/uapi/linux/in.h, in6.h). */
const Option = { MTU_DISCOVER: { 4: 10, 6: 23 }, DONTFRAG: 62, V6ONLY: 26 } as const
const PMTUDISC_PROBE = 3

/** What a socket is for: its type and, for raw ones, the protocol of the family. */
const kinds = { icmp: 3, udp: 2, tcp: 1 } as const
const icmp = { 4: 1, 6: 58 } as const
const level = { 4: 0, 6: 41 } as const

/** An address and a port; for IPv6's link-local addresses the link, too. */
export interface End {
  address: Address
  port?: number
  link?: number
}

/** An open socket. */
export interface InetSocket {
  fd: Fd
  family: 4 | 6
}

/** Runs an action with a socket that is opened in a namespace, or on the host. @throws KernelError */
export function withSocket<T>(
  kind: keyof typeof kinds,
  family: 4 | 6,
  where: Namespace | undefined,
  use: (socket: InetSocket) => T,
): T {
  const protocol = kind === 'icmp' ? icmp[family] : 0
  const open = () =>
    must(`open a socket for ${kind}`, 'socket', addressFamily(family), kinds[kind] | SOCK_CLOEXEC, protocol)
  const fd = where ? inNamespace(where, open) : open()
  try {
    return use({ fd, family })
  } finally {
    close(fd)
  }
}

/** Packets are not fragmented, and the kernel sends what the link takes, whatever it has learnt of the way. */
export function forbidFragments({ fd, family }: InetSocket): void {
  setOption(fd, level[family], Option.MTU_DISCOVER[family], number(PMTUDISC_PROBE))
  if (family === 6) setOption(fd, level[6], Option.DONTFRAG, number(1))
}

function setOption(fd: Fd, layer: number, name: number, value: Buffer): void {
  must('set an option of a socket', 'setsockopt', fd, layer, name, value, value.length)
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

/** struct sockaddr_in, sockaddr_in6. */
export function sockaddr({ address, port = 0, link = 0 }: End): Buffer {
  const bytes = Buffer.alloc(address.family === 4 ? 16 : 28)
  bytes.writeUInt16LE(addressFamily(address.family))
  bytes.writeUInt16BE(port, 2)
  bytes.set(toBytes(address), address.family === 4 ? 4 : 8)
  if (address.family === 6) bytes.writeUInt32LE(link, 24)
  return bytes
}

function endIn(bytes: Buffer, family: 4 | 6): End {
  const address = fromBytes(family === 4 ? bytes.subarray(4, 8) : bytes.subarray(8, 24))
  return { address, port: bytes.readUInt16BE(2) }
}

/** Takes any address, and a port. @throws KernelError EADDRINUSE */
export function bindTo({ fd, family }: InetSocket, port: number): void {
  if (family === 6) setOption(fd, level[6], Option.V6ONLY, number(1))
  const own = sockaddr({ address: { family, value: 0n }, port })
  must(`take port ${port}`, 'bind', fd, own, own.length)
}

/** @returns the errno's name when the kernel does not send it */
export function sendTo({ fd }: InetSocket, data: Uint8Array, to: End): string | undefined {
  const address = sockaddr(to)
  const result = syscall('sendto', fd, data, data.length, 0, address, address.length)
  return result < 0 ? errnoName(-result) : undefined
}

/** Receives what is waiting. @returns undefined when nothing is, or an error of an earlier packet came */
export function receiveFrom({ fd, family }: InetSocket): { data: Buffer; from: End } | undefined {
  const [data, address, length] = [Buffer.alloc(65536), Buffer.alloc(28), number(28)]
  const count = syscall('recvfrom', fd, data, data.length, MSG_DONTWAIT, address, length)
  return count < 0 ? undefined : { data: data.subarray(0, count), from: endIn(address, family) }
}

/** @throws KernelError */
export function listenOn(socket: InetSocket, port: number): void {
  bindTo(socket, port)
  must('listen', 'listen', socket.fd, 4)
}

/** Takes a waiting connection and closes it. @returns whose it was; undefined when there is none */
export function acceptFrom({ fd, family }: InetSocket): End | undefined {
  const [address, length] = [Buffer.alloc(28), number(28)]
  const connection = syscall('accept4', fd, address, length, SOCK_CLOEXEC)
  if (connection < 0) return undefined
  close(connection)
  return endIn(address, family)
}

/** Connects within a time. @returns the errno's name when that fails; ETIMEDOUT when the time is over */
export function connectTo({ fd }: InetSocket, to: End, milliseconds: number): string | undefined {
  const time = Buffer.alloc(16)
  time.writeBigInt64LE(BigInt(Math.floor(milliseconds / 1000)), 0)
  time.writeBigInt64LE(BigInt(milliseconds % 1000) * 1000n, 8)
  setOption(fd, SOL_SOCKET, SO_SNDTIMEO, time)
  const address = sockaddr(to)
  const result = syscall('connect', fd, address, address.length)
  if (result >= 0) return undefined
  return result === -Errno.EINPROGRESS ? 'ETIMEDOUT' : errnoName(-result)
}

/** Whether a port of TCP is free on all addresses of the host. @throws KernelError */
export function isFree(port: number): boolean {
  return ([4, 6] as const).every((family) => {
    try {
      withSocket('tcp', family, undefined, (socket) => bindTo(socket, port))
      return true
    } catch (error) {
      // Without IPv6 there is no such socket.
      return error instanceof KernelError && error.errno === 'EAFNOSUPPORT'
    }
  })
}
