/** A port of DHCPv6: UDP from the interface's link-local address to all servers and relays of the link (RFC 8415 section 7). */

import { ports } from '../../dhcp/v6/message.ts'
import { type Address, formatAddress, toBytes } from '../../ip/address.ts'
import { bootClock } from '../../kernel/clock.ts'
import { close, type Fd } from '../../kernel/files.ts'
import { cstring, must } from '../../kernel/syscall.ts'
import type { LinkName } from '../../netlink/link.ts'
import type { Port } from './port.ts'
import { nextDatagram } from './received.ts'

const [AF_INET6, SOCK_DGRAM, SOCK_CLOEXEC] = [10, 2, 0o2000000]
const [SOL_SOCKET, SO_REUSEADDR, SO_BINDTODEVICE, IPPROTO_IPV6, IPV6_V6ONLY] = [1, 2, 25, 41, 26]
const LONGEST = 4096

const unspecified: Address = { family: 6, value: 0n }
/** All_DHCP_Relay_Agents_and_Servers, ff02::1:2. */
const everyServer: Address = { family: 6, value: (0xff02n << 112n) | 0x1_0002n }

/** Opens one in the current namespace. @throws KernelError */
export function udp6Port(link: LinkName): Port {
  const fd = must('open a socket', 'socket', AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  try {
    bindTo(fd, link)
  } catch (error) {
    close(fd)
    throw error
  }
  const port: Port = {
    fd,
    send({ payload, to = everyServer }) {
      port.sentAt = bootClock()
      const place = socketAddress(to, ports.server, link.index)
      must(`send to ${formatAddress(to)}`, 'sendto', fd, payload, payload.length, 0, place, place.length)
    },
    read: () => nextDatagram(fd, LONGEST),
  }
  return port
}

function bindTo(fd: Fd, { name }: LinkName): void {
  const on = Buffer.from([1, 0, 0, 0])
  must('share a port', 'setsockopt', fd, SOL_SOCKET, SO_REUSEADDR, on, on.length)
  must('use IPv6 alone', 'setsockopt', fd, IPPROTO_IPV6, IPV6_V6ONLY, on, on.length)
  const device = cstring(name)
  must(`use ${name} alone`, 'setsockopt', fd, SOL_SOCKET, SO_BINDTODEVICE, device, device.length)
  const place = socketAddress(unspecified, ports.client, 0)
  must(`take port ${ports.client}`, 'bind', fd, place, place.length)
}

/** struct sockaddr_in6, include/uapi/linux/in6.h. */
function socketAddress(address: Address, port: number, scope: number): Buffer {
  const place = Buffer.alloc(28)
  place.writeUInt16LE(AF_INET6, 0)
  place.writeUInt16BE(port, 2)
  place.set(toBytes(address), 8)
  place.writeUInt32LE(scope, 24)
  return place
}
