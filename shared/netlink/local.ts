/** Which addresses are the host's own: the kernel is asked for the route to each. */

import * as rt from 'netlink/dist/rt/structs.js'
import { type Address, formatAddress, toBytes, width } from '../ip/address.ts'
import { isErrno } from '../kernel/errno.ts'
import { addressFamily } from './address.ts'
import { attributeIn } from './attributes.ts'
import { ask, type Socket } from './socket.ts'

/** struct rtmsg (include/uapi/linux/rtnetlink.h): its length, where the type of the route is, and the type of the host's own addresses. */
const HEADER = 12
const TYPE_AT = 7
const RTN_LOCAL = 2
const RTA_GATEWAY = 5

/** How a packet to an address leaves: not at all, by a link to the host that has it, or through a gateway. */
export type Way = 'local' | 'link' | 'gateway' | 'none'

/** Asks for the route to an address, as `fib daddr type` does. Equivalent to `ip route get ADDRESS`. @param socket of the protocol ROUTE */
export function wayTo(socket: Socket, address: Address): Way {
  const data: rt.Route = { family: addressFamily(address.family), dstLen: width(address.family) }
  const words = `ip route get ${formatAddress(address)}`
  const question = {
    type: rt.MessageType.GETROUTE,
    flags: 0,
    single: true,
    payload: (out: Parameters<typeof rt.formatRouteMessage>[1]) =>
      rt.formatRouteMessage({ kind: 'route', data, attrs: { dst: toBytes(address) } }, out),
    attempt: words,
    see: words,
  }
  try {
    const [reply] = ask(socket, question)
    return reply ? wayIn(reply.data) : 'none'
  } catch (error) {
    if (isErrno(error, 'ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL')) return 'none'
    throw error
  }
}

function wayIn(message: Buffer): Way {
  if (message.readUInt8(TYPE_AT) === RTN_LOCAL) return 'local'
  return attributeIn(message, RTA_GATEWAY, HEADER) ? 'gateway' : 'link'
}
