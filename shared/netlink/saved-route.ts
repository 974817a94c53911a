/** The routes by way of a link as the kernel's own messages, so that all their attributes can be restored, in another table or with another source. */

import * as rt from 'netlink/dist/rt/structs.js'
import { putU32 } from 'netlink/dist/structs.js'
import { type Address, formatAddress, fromBytes, toBytes } from '../ip/address.ts'
import { formatCidr } from '../ip/subnet.ts'
import { type Attributes, attributesIn } from './attributes.ts'
import { wordsOf } from './command.ts'
import type { LinkName } from './link.ts'
import type { AttributeList } from './link-message.ts'
import { type KernelRoute, RTNH_F_ONLINK, routesIn } from './route.ts'
import { dump, Flag, type Request, type Socket } from './socket.ts'

const { NEWROUTE, DELROUTE, GETROUTE } = rt.MessageType

/** struct rtmsg: family, lengths of destination and source, TOS, table, protocol, scope, type, flags. */
const [HEADER_LENGTH, TABLE, PROTOCOL, SCOPE, TYPE, FLAGS] = [12, 4, 5, 6, 7, 8]
const RTN_UNICAST = 1
const [AF_INET, AF_INET6] = [2, 10]
/** RTA_*, include/uapi/linux/rtnetlink.h. */
const Rta = {
  DST: 1,
  OIF: 4,
  GATEWAY: 5,
  PRIORITY: 6,
  PREFSRC: 7,
  MULTIPATH: 9,
  CACHEINFO: 12,
  TABLE: 15,
  VIA: 18,
  PAD: 24,
  NH_ID: 30,
} as const
/** Those that a request may have: up to RTA_NH_ID, but for what the kernel only reports. A next hop's object excludes the next hop itself. */
const types = Array.from({ length: Rta.NH_ID - 1 }, (_, index) => index + 1).filter(
  (type) => type !== Rta.CACHEINFO && type !== Rta.PAD,
)
/** RTM_F_CLONED: a cache entry. */
const CLONED = 0x200
/** RTPROT_KERNEL: the kernel adds these itself, with an address. */
const KERNEL = 2
/** RTPROT_REDIRECT, KERNEL, RA: those and what the kernel adds by a router's message. */
const kernels = [1, KERNEL, 9]

/** The routes of both families in all tables by way of a link, without the kernel's own. Equivalent to `ip route save table all dev LINK`. */
export function saveRoutes(socket: Socket, link: LinkName): Buffer[] {
  return ([AF_INET, AF_INET6] as const)
    .flatMap((family) => list(socket, family, link))
    .filter((message) => isKept(message) && uses(message, link.index))
}

/**
 * The same for a link that enters or leaves a VRF, with the routes to the subnets of its addresses: the kernel adds those only when the link has
 * a carrier. A route by way of other links, too, is not lost, and left out.
 */
export function savePortRoutes(socket: Socket, link: LinkName): Buffer[] {
  return ([AF_INET, AF_INET6] as const)
    .flatMap((family) => list(socket, family, link))
    .filter((message) => isSubnet(message) || isKept(message))
    .filter((message) => linksOf(message).every((index) => index === link.index))
}

function isSubnet(message: Buffer): boolean {
  return message[PROTOCOL] === KERNEL && message[TYPE] === RTN_UNICAST && !expires(message)
}

/** A saved route of one table as a route of another; routes of other tables stay as they are. */
export function inTable(saved: Buffer, from: number, to: number): Buffer {
  const message = Buffer.from(saved)
  const table = attributesIn(message, HEADER_LENGTH)(Rta.TABLE)
  if (table?.readUInt32LE(0) !== from) return message
  table.writeUInt32LE(to, 0)
  message[TABLE] = to < 256 ? to : 0
  return message
}

function list(socket: Socket, family: number, { index, name }: LinkName): Buffer[] {
  return dump(socket, {
    type: GETROUTE,
    payload: (out) => rt.formatRouteMessage({ kind: 'route', data: { family }, attrs: { oif: index } }, out),
    attempt: `list the routes of ${name}`,
    see: `ip route show table all dev ${name}`,
  }).map(({ data }) => data)
}

/** Not those that expire, either. */
function isKept(message: Buffer): boolean {
  const isOwn = !kernels.includes(message[PROTOCOL] ?? 0)
  return isOwn && !expires(message) && (message.readUInt32LE(FLAGS) & CLONED) === 0
}

/** rta_expires in struct rta_cacheinfo. */
function expires(message: Buffer): boolean {
  return (attributesIn(message, HEADER_LENGTH)(Rta.CACHEINFO)?.readInt32LE(8) ?? 0) !== 0
}

function uses(message: Buffer, index: number): boolean {
  return linksOf(message).includes(index)
}

/** The indexes of the links that a route leaves by. */
function linksOf(message: Buffer): number[] {
  const attribute = attributesIn(message, HEADER_LENGTH)
  const hops = hopsOf(attribute(Rta.MULTIPATH)).map(indexOf)
  const single = attribute(Rta.OIF)?.readUInt32LE(0)
  return single === undefined ? hops : [single, ...hops]
}

/** The entries of RTA_MULTIPATH, each a struct rtnexthop: length, flags, hops, index, attributes. */
function hopsOf(multipath: Buffer = Buffer.alloc(0)): Buffer[] {
  const hops: Buffer[] = []
  for (let at = 0; at + 8 <= multipath.length; ) {
    const length = Math.max(multipath.readUInt16LE(at), 8)
    hops.push(multipath.subarray(at, at + length))
    at += length + (-length & 3)
  }
  return hops
}

const indexOf = (hop: Buffer) => hop.readUInt32LE(4)

/** Whether a saved route needs another one to reach its next hop. */
export function hasGateway(saved: Buffer): boolean {
  const attribute = attributesIn(saved, HEADER_LENGTH)
  return [Rta.GATEWAY, Rta.VIA, Rta.MULTIPATH].some((type) => attribute(type) !== undefined)
}

/**
 * Adds a saved route; EEXIST when it is there. A route by a nexthop object (`nhid`) gets its next hop without the object.
 * Equivalent to `ip route restore`.
 * @param was the index that the link had when the route was saved
 * @returns several for IPv6 with several next hops by way of the link: those by way of other links were not removed with it
 */
export function restoreRoute(link: LinkName, saved: Buffer, was: number): Request[] {
  return routesOf(link, saved, was).map(request)
}

/** Deletes a saved route of a link: `ip route del`. ESRCH when it is not there. */
export function deleteRoute(link: LinkName, saved: Buffer): Request[] {
  return routesOf(link, saved, link.index).map(deletion)
}

/** Adds a saved route of a link with another preferred source address: `ip route append … src SOURCE`. */
export function restoreWithSource(link: LinkName, saved: Buffer, source: Address): Request[] {
  const added = [Rta.PREFSRC, toBytes(source)] as const
  return routesOf(link, saved, link.index).map((route) =>
    request({ ...route, attributes: [...omit(route.attributes, Rta.PREFSRC), added] }),
  )
}

/** What a saved route says: an entry for each of its next hops. */
export function readRoute(saved: Buffer): KernelRoute[] {
  return routesIn(saved, saved[0] === AF_INET6 ? 6 : 4)
}

function routesOf(link: LinkName, saved: Buffer, was: number): Route[] {
  const message = Buffer.from(saved)
  const attribute = attributesIn(message, HEADER_LENGTH)
  const hops = hopsOf(attribute(Rta.MULTIPATH))
  const own = hops.filter((hop) => indexOf(hop) === was)
  for (const hop of hops) hop[2] = (hop[2] ?? 0) & RTNH_F_ONLINK
  for (const hop of own) hop.writeUInt32LE(link.index, 4)
  const route = { link, message, attributes: attributesOf(attribute) }
  if (message[0] === AF_INET6 && own.length > 0) return own.map((hop) => byHop(route, hop))
  const isSingle = attribute(Rta.OIF)?.readUInt32LE(0) === was
  return [isSingle ? byWay(route) : route]
}

/** A route to add. */
interface Route {
  link: LinkName
  message: Buffer
  attributes: AttributeList
}

function attributesOf(attribute: Attributes): AttributeList {
  return types.map((type) => [type, attribute(type)] as const)
}

function byWay(route: Route): Route {
  return { ...route, attributes: [...omit(route.attributes, Rta.OIF), [Rta.OIF, putU32(route.link.index)]] }
}

/** The route by one of its next hops. */
function byHop(route: Route, hop: Buffer): Route {
  const message = Buffer.from(route.message)
  message.writeUInt32LE(hop[2] ?? 0, FLAGS)
  const ofHop = attributesOf(attributesIn(hop, 8))
  return byWay({ ...route, message, attributes: [...omit(route.attributes, Rta.MULTIPATH), ...ofHop] })
}

function omit(attributes: AttributeList, omitted: number): AttributeList {
  return attributes.filter(([type]) => type !== omitted)
}

function request({ link, message, attributes }: Route): Request {
  const words = routeWords({ link, message, attributes })
  const header = Buffer.from(message.subarray(0, HEADER_LENGTH))
  header.writeUInt32LE(header.readUInt32LE(FLAGS) & RTNH_F_ONLINK, FLAGS)
  return {
    type: NEWROUTE,
    flags: Flag.CREATE | Flag.APPEND,
    payload: (out) => {
      out.emit(header)
      for (const [type, value] of attributes) if (value !== undefined) out.push(type, value)
    },
    attempt: `add route ${words}`,
    reproduce: `ip route append ${words}`,
  }
}

function deletion(route: Route): Request {
  const words = routeWords(route)
  return {
    ...request(route),
    type: DELROUTE,
    flags: 0,
    attempt: `delete route ${words}`,
    reproduce: `ip route del ${words}`,
  }
}

/** In the syntax of iproute2; without the next hops of a route that has several. */
function routeWords({ link, message, attributes }: Route): string {
  const value = (type: number) => attributes.find(([one]) => one === type)?.[1] as Buffer | undefined
  const text = (type: number) => {
    const bytes = value(type)
    return bytes && formatAddress(fromBytes(bytes))
  }
  const number = (type: number) => value(type)?.readUInt32LE(0)
  const words = wordsOf({
    via: text(Rta.GATEWAY),
    dev: link.name,
    src: text(Rta.PREFSRC),
    metric: number(Rta.PRIORITY),
    table: number(Rta.TABLE),
    proto: message[PROTOCOL],
    scope: message[0] === AF_INET6 ? undefined : message[SCOPE],
  })
  const isOnLink = (message.readUInt32LE(FLAGS) & RTNH_F_ONLINK) !== 0
  return `${destinationOf(message, attributes)} ${words}${isOnLink ? ' onlink' : ''}`
}

function destinationOf(message: Buffer, attributes: AttributeList): string {
  const [, destination] = attributes.find(([type]) => type === Rta.DST) ?? []
  if (!Buffer.isBuffer(destination)) return message[0] === AF_INET6 ? '::/0' : 'default'
  return formatCidr({ address: fromBytes(destination), prefix: message[1] ?? 0 })
}
