/** Asks a host whether it answers: ICMP echo (RFC 792, RFC 4443 section 4). Needs CAP_NET_RAW. */

import { type Address, toBytes } from '../../shared/ip/address.ts'
import { now, waitReadable } from '../../shared/kernel/clock.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { close, type Fd } from '../../shared/kernel/files.ts'
import { must, syscall } from '../../shared/kernel/syscall.ts'

/** AF_INET and AF_INET6, their protocols, and the types of request and reply. */
const families = {
  4: { domain: 2, protocol: 1, request: 8, reply: 0 },
  6: { domain: 10, protocol: 58, request: 128, reply: 129 },
} as const

const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000

/**
 * Sends one request and waits for its reply.
 * @param longest milliseconds
 * @returns milliseconds until the reply; undefined when there was none
 * @throws KernelError: EPERM without the capability
 */
export function echo(address: Address, longest = 1000): number | undefined {
  const { domain, protocol, reply } = families[address.family]
  const fd = must('open an ICMP socket', 'socket', domain, SOCK_RAW | SOCK_CLOEXEC, protocol)
  const id = syscall('getpid') & 0xffff
  try {
    const target = socketAddress(address)
    const begin = now()
    // Without a route there is no reply.
    const send = () => {
      must('connect', 'connect', fd, target, target.length)
      const packet = requestOf(address.family, id)
      return must('send an ICMP echo', 'sendto', fd, packet, packet.length, 0, 0, 0)
    }
    if (tolerate(send, 'ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL', 'ENETDOWN') === undefined)
      return undefined
    for (let left = longest; left > 0; left = begin + longest - now())
      if (waitReadable(fd, left) && isReply(fd, address.family, reply, id)) return now() - begin
    return undefined
  } finally {
    close(fd)
  }
}

/** struct sockaddr_in and sockaddr_in6: family, port, [flow], address, [scope]. */
function socketAddress(address: Address): Buffer {
  const target = Buffer.alloc(address.family === 4 ? 16 : 28)
  target.writeUInt16LE(families[address.family].domain, 0)
  target.set(toBytes(address), address.family === 4 ? 4 : 8)
  return target
}

/** Type, code, checksum, identifier, sequence number. The kernel adds the checksum of ICMPv6. */
function requestOf(family: 4 | 6, id: number): Buffer {
  const packet = Buffer.alloc(8)
  packet[0] = families[family].request
  packet.writeUInt16BE(id, 4)
  packet.writeUInt16BE(1, 6)
  if (family === 4) packet.writeUInt16BE(checksum(packet), 2)
  return packet
}

/** RFC 1071. */
function checksum(packet: Buffer): number {
  let sum = 0
  for (let at = 0; at < packet.length; at += 2) sum += packet.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return ~sum & 0xffff
}

/** A raw socket of IPv4 gets the IP header, too; its first byte has its length in words. */
function isReply(fd: Fd, family: 4 | 6, type: number, id: number): boolean {
  const packet = Buffer.alloc(256)
  const length = syscall('recvfrom', fd, packet, packet.length, 0, 0, 0)
  const start = family === 4 ? ((packet[0] ?? 0) & 0xf) * 4 : 0
  return length >= start + 8 && packet[start] === type && packet.readUInt16BE(start + 4) === id
}
