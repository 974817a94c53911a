/** The host's routes, with no more than faults compare: a node has several for each container. */

import * as rt from 'netlink/dist/rt/structs.js'
import { hostSocket } from '../../../shared/attachment/sides.ts'
import { oncePer } from '../../../shared/config/once.ts'
import { type Address, type Family, families, fromBytes } from '../../../shared/ip/address.ts'
import type { Cidr } from '../../../shared/ip/subnet.ts'
import { addressFamily } from '../../../shared/netlink/address.ts'
import { attributesIn } from '../../../shared/netlink/attributes.ts'
import { RT_TABLE_MAIN } from '../../../shared/netlink/route.ts'
import { dump } from '../../../shared/netlink/socket.ts'
import type { View } from '../frame/fault.ts'

export interface Route {
  dst: Cidr
  gateway?: Address
  /** Index of its link; undefined for one with several next hops. */
  link?: number
  /** RTPROT_*. */
  protocol: number
}

/** Who made a route: RTPROT_KERNEL, RTPROT_RA (include/uapi/linux/rtnetlink.h). */
export const Protocol = { KERNEL: 2, RA: 9 } as const

/** struct rtmsg: where it has the length of the prefix, the table, the protocol and the type. Its attributes, and RTN_UNICAST. */
const At = { PREFIX: 1, TABLE: 4, PROTOCOL: 5, TYPE: 7, ATTRIBUTES: 12 } as const
const Rta = { DST: 1, OIF: 4, GATEWAY: 5 } as const
const RTN_UNICAST = 1

/** The unicast routes of the main table, without those of link-local addresses. Equivalent to `ip route show; ip -6 route show`. */
export const routesOf: (view: View) => readonly Route[] = oncePer((_: View) =>
  families.flatMap(routesOfFamily),
)

function routesOfFamily(family: Family): Route[] {
  const data = { family: addressFamily(family) }
  const replies = dump(hostSocket(), {
    type: rt.MessageType.GETROUTE,
    payload: (out) => rt.formatRouteMessage({ kind: 'route', data, attrs: {} }, out),
    attempt: 'list routes',
    see: `ip -${family} route show`,
  })
  return replies.flatMap((reply) => routeIn(reply.data, family) ?? [])
}

function routeIn(message: Buffer, family: Family): Route | undefined {
  if (message[At.TYPE] !== RTN_UNICAST || message[At.TABLE] !== RT_TABLE_MAIN) return undefined
  const attribute = attributesIn(message, At.ATTRIBUTES)
  const [dst, gateway] = [attribute(Rta.DST), attribute(Rta.GATEWAY)]
  if (dst?.[0] === 0xfe && family === 6 && ((dst[1] ?? 0) & 0xc0) === 0x80) return undefined
  return {
    dst: { address: dst ? fromBytes(dst) : { family, value: 0n }, prefix: message[At.PREFIX] ?? 0 },
    gateway: gateway && fromBytes(gateway),
    link: attribute(Rta.OIF)?.readUInt32LE(0),
    protocol: message[At.PROTOCOL] ?? 0,
  }
}
