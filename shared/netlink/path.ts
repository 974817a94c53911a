/** The way that the kernel would send a packet: which link, and how much it carries. */

import * as rt from 'netlink/dist/rt/structs.js'
import { type Address, formatAddress, toBytes, width } from '../ip/address.ts'
import { isErrno } from '../kernel/errno.ts'
import { addressFamily } from './address.ts'
import type { LinkName } from './link.ts'
import { ask, type Reply, type Socket } from './socket.ts'

export interface Path {
  /** Index of the link that packets leave by. */
  link: number
  /** The route's MTU, or what was learnt of the path (RFC 1191, RFC 8201); the link's may be smaller still. */
  mtu?: number
  /** The address is the host's own. */
  isLocal: boolean
}

/** `ip route get ADDRESS [oif LINK] [from SOURCE]`; undefined when there is no way. */
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
        attempt: `look for the way to ${words}`,
        see: `ip route get ${words}`,
      }),
    )
  } catch (error) {
    // No route, or one of type unreachable, prohibit or blackhole.
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
