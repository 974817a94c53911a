/** A port of DHCPv6: UDP from the interface's link-local address to all servers and relays of the link (RFC 8415 section 7). */

import { ports } from '../../dhcp/v6/message.ts'
import { type Address, toBytes } from '../../ip/address.ts'
import type { LinkName } from '../../netlink/link.ts'
import type { Port } from './port.ts'
import { udpSocketPort } from './udp-socket.ts'

const [AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY] = [10, 41, 26]

const unspecified: Address = { family: 6, value: 0n }
/** All_DHCP_Relay_Agents_and_Servers, ff02::1:2. */
const everyone: Address = { family: 6, value: (0xff02n << 112n) | 0x1_0002n }

/** Opens one in the current namespace. @throws KernelError */
export function udp6Port(link: LinkName): Port {
  return udpSocketPort(link, {
    own: socketAddress(unspecified, ports.client, 0),
    everyone,
    at: (to) => socketAddress(to, ports.server, link.index),
    option: [IPPROTO_IPV6, IPV6_V6ONLY],
  })
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
