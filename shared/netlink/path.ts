/** The kernel's route to an address: its link and MTU. */

import * as rt from 'netlink/dist/rt/structs.js'
import { type Address, formatAddress, toBytes, width } from '../ip/address.ts'
import { isErrno } from '../kernel/errno.ts'
import { addressFamily } from './address.ts'
import type { LinkName } from './link.ts'
import { ask, type Reply, type Socket } from './socket.ts'

export interface Path {
  /** Index of the output link. */
  link: number
  /** The route's MTU, or the learnt path MTU (RFC 1191, RFC 8201); the link's MTU may be smaller. */
  mtu?: number
  /** The address is one of the host's. */
  isLocal: boolean
}

/** `ip route get ADDRESS [oif LINK] [from SOURCE]`; undefined when there is no route. */
export function findPath(
  socket: Socket,
  to: Address,
  { link, from }: { link?: LinkName; from?: Address } = {},
): Path | undefined {
  const bits = width(to.family)
  const data: rt.Route = { family: addressFamily(to.family), dstLen: bits, srcLen: from ? bits : 0 }
  const attrs: rt.RouteAttrs = { dst: toBytes(to), src: from && toBytes(from), oif: link?.index }
  const words = `${formatAddress(to)}${link ? ` oif ${link.name}` : ''}${from ? ` from ${formatAddress(from)}` : ''}`
  try {
    return parsePath(
      ask(socket, {
        type: rt.MessageType.GETROUTE,
        flags: 0,
        payload: (out) => rt.formatRouteMessage({ kind: 'route', data, attrs }, out),
        attempt: `look up the route to ${words}`,
        see: `ip route get ${words}`,
      }),
    )
  } catch (error) {
    // No route, or a route of type unreachable, prohibit or blackhole.
    if (isErrno(error, 'ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL')) return undefined
    throw error
  }
}

function parsePath([reply]: Reply[]): Path | undefined {
  if (!reply) return undefined
  const { data, attrs } = rt.parseRouteMessage(reply.data)
  if (attrs.oif === undefined) return undefined
  return {
    link: attrs.oif,
    mtu: attrs.metrics?.mtu?.readUInt32LE(0) || undefined,
    isLocal: data.type === 'LOCAL',
  }
}
