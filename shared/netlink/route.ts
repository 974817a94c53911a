/** Routes of the routing tables. */

import * as rt from 'netlink/dist/rt/structs.js'
import { putU32 } from 'netlink/dist/structs.js'
import { type Address, formatAddress, fromBytes, toBytes } from '../ip/address.ts'
import { type Cidr, formatCidr, networkOf } from '../ip/subnet.ts'
import { addressFamily } from './address.ts'
import { wordsOf } from './command.ts'
import type { LinkName } from './link.ts'
import { dump, Flag, type Request, type Socket } from './socket.ts'

const { NEWROUTE, DELROUTE, GETROUTE } = rt.MessageType

/** Tables and scopes, include/uapi/linux/rtnetlink.h. */
export const RT_TABLE_MAIN = 254
const RT_SCOPE_UNIVERSE = 0
const RT_SCOPE_LINK = 253
/** Where struct rtmsg has the type of a route, and that of one to other hosts. */
const [TYPE_AT, RTN_UNICAST] = [7, 1]
/** The only flag that a request may set. */
export const RTNH_F_ONLINK = 4

export interface RouteSpec {
  dst: Cidr
  gateway?: Address
  /** Index of the output link. */
  link: number
  /** Name of the output link, for errors. */
  linkName: string
  mtu?: number
  advmss?: number
  priority?: number
  table?: number
  scope?: number
  /** Preferred source address. */
  source?: Address
  /** The gateway is reached by the link, although no subnet of the link has it (RTNH_F_ONLINK). */
  onlink?: boolean
  /** The origin of the route (RTPROT_*). Default: boot, as in `ip route`. */
  protocol?: rt.Route['protocol']
}

/** A route in the kernel. */
export interface KernelRoute {
  dst: Cidr
  gateway?: Address
  link?: number
  priority?: number
  table: number
  scope: number
  mtu?: number
  advmss?: number
  source?: Address
  protocol?: rt.Route['protocol']
  /** The entry is one of several next hops of a route. */
  multipath: boolean
}

/** `ip route append DST via GW dev LINK …`: other routes to the destination stay. */
export function newRoute(route: RouteSpec): Request {
  const words = routeWords(route)
  return {
    ...request(route),
    type: NEWROUTE,
    flags: Flag.CREATE | Flag.APPEND,
    attempt: `add route ${words}`,
    reproduce: `ip route append ${words}`,
  }
}

/** `ip route prepend DST via GW dev LINK …`: before the other routes to an IPv4 destination. */
export function newFirstRoute(route: RouteSpec): Request {
  return {
    ...newRoute(route),
    flags: Flag.CREATE,
    reproduce: `ip route prepend ${routeWords(route)}`,
  }
}

/** `ip route add DST via GW dev LINK …`; EEXIST when there is a route to the destination through any device. */
export function newOnlyRoute(route: RouteSpec): Request {
  const words = routeWords(route)
  return {
    ...newRoute(route),
    flags: Flag.CREATE | Flag.EXCL,
    reproduce: `ip route add ${words}`,
  }
}

/** `ip route del DST via GW dev LINK …` */
export function removeRoute(route: RouteSpec): Request {
  const words = routeWords(route)
  return {
    ...request(route),
    type: DELROUTE,
    flags: 0,
    attempt: `delete route ${words}`,
    reproduce: `ip route del ${words}`,
  }
}

/** The unicast routes of a family in all tables, or only those through one link. Equivalent to `ip route show table all [dev LINK]`. */
export function listRoutes(socket: Socket, family: 4 | 6, link?: LinkName): KernelRoute[] {
  const data = { family: addressFamily(family) }
  const routes = dump(socket, {
    type: GETROUTE,
    payload: (out) => rt.formatRouteMessage({ kind: 'route', data, attrs: { oif: link?.index } }, out),
    attempt: 'list routes',
    see: `ip -${family} route show table all${link ? ` dev ${link.name}` : ''}`,
  }).flatMap(({ data }) => routesIn(data, family))
  // Kernels before 4.20 ignore the link in the request.
  return link ? routes.filter((route) => route.link === link.index) : routes
}

/** The unicast route in an RTM_NEWROUTE message, or none; for a route with several next hops, one entry for each. */
export function routesIn(data: Buffer, family: 4 | 6): KernelRoute[] {
  // The host's own addresses have several routes each: their messages are not parsed.
  if (data[TYPE_AT] !== RTN_UNICAST) return []
  const message = rt.parseRouteMessage(data)
  const route = toRoute(message, family)
  const { multipath } = message.attrs
  return multipath ? nextHops(multipath).map((hop) => ({ ...route, ...hop })) : [route]
}

/** struct rtnexthop: length, flags, hops, ifindex, attributes. */
function nextHops(data: Buffer): Pick<KernelRoute, 'link' | 'gateway'>[] {
  const hops: Pick<KernelRoute, 'link' | 'gateway'>[] = []
  for (let at = 0; at + 8 <= data.length; ) {
    const length = Math.max(data.readUInt16LE(at), 8)
    const attrs = rt.parseRouteAttrs(data.subarray(at + 8, at + length))
    hops.push({ link: data.readInt32LE(at + 4), gateway: attrs.gateway && fromBytes(attrs.gateway) })
    at += length + (-length & 3)
  }
  return hops
}

function toRoute({ data, attrs }: rt.RouteMessage, family: 4 | 6): KernelRoute {
  const unspecified: Address = { family, value: 0n }
  return {
    dst: { address: attrs.dst ? fromBytes(attrs.dst) : unspecified, prefix: data.dstLen ?? 0 },
    gateway: attrs.gateway && fromBytes(attrs.gateway),
    link: attrs.oif,
    priority: attrs.priority,
    table: attrs.table ?? data.table ?? RT_TABLE_MAIN,
    scope: Number(rt.RouteScope[data.scope as keyof typeof rt.RouteScope] ?? data.scope ?? 0),
    mtu: attrs.metrics?.mtu?.readUInt32LE(0),
    advmss: attrs.metrics?.advmss?.readUInt32LE(0),
    source: attrs.prefsrc && fromBytes(attrs.prefsrc),
    protocol: data.protocol,
    multipath: attrs.multipath !== undefined,
  }
}

function request(route: RouteSpec): Pick<Request, 'payload'> {
  const { dst, gateway, link, priority, source } = route
  const table = route.table ?? RT_TABLE_MAIN
  const data: rt.Route = {
    family: addressFamily(dst.address.family),
    dstLen: dst.prefix,
    table: table < 256 ? table : 0,
    protocol: route.protocol ?? 'BOOT',
    scope: route.scope ?? (gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK),
    type: 'UNICAST',
    flags: route.onlink ? { __unknown: RTNH_F_ONLINK } : undefined,
  }
  const attrs: rt.RouteAttrs = { oif: link, priority, table, metrics: metrics(route) }
  if (dst.prefix > 0) attrs.dst = toBytes(networkOf(dst))
  if (gateway) attrs.gateway = toBytes(gateway)
  if (source) attrs.prefsrc = toBytes(source)
  return { payload: (out) => rt.formatRouteMessage({ kind: 'route', data, attrs }, out) }
}

function metrics({ mtu, advmss }: RouteSpec): rt.RouteMetrics | undefined {
  if (mtu === undefined && advmss === undefined) return undefined
  return {
    mtu: mtu === undefined ? undefined : putU32(mtu),
    advmss: advmss === undefined ? undefined : putU32(advmss),
  }
}

function routeWords(route: RouteSpec): string {
  const { dst, gateway, linkName, mtu, advmss, priority, table, scope, source, onlink } = route
  const via = gateway && formatAddress(gateway)
  const src = source && formatAddress(source)
  const proto = route.protocol === undefined ? undefined : String(route.protocol).toLowerCase()
  const words = wordsOf({ via, dev: linkName, src, proto, mtu, advmss, metric: priority, table, scope })
  return `${formatCidr(dst)} ${words}${onlink ? ' onlink' : ''}`.trim()
}
