/** The links, addresses, routes, qdiscs and rules of the current network namespace as lines, read by this project's netlink. */

import { formatAddress, fromBytes } from '../../shared/ip/address.ts'
import { formatMac } from '../../shared/ip/mac.ts'
import { listQdiscs } from '../../shared/netlink/qdisc.ts'
import { closeSocket, dump, openSocket, Protocol, type Socket } from '../../shared/netlink/socket.ts'
import { hex, number, type Shown, shown, text, type Values, valuesIn } from './attributes.ts'

/** include/uapi/linux/rtnetlink.h and socket.h. */
const [RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETRULE] = [18, 22, 26, 34]
const [AF_INET, AF_INET6] = [2, 10]
const families: Record<number, string> = { [AF_INET]: 'inet', [AF_INET6]: 'inet6' }
const scopes: Record<number, string> = { 0: 'global', 200: 'site', 253: 'link', 254: 'host' }

/** All lines; without what the kernel adds at any time: link-local IPv6, and IPv6's routes to own addresses, which follow the addresses. */
export function networkLines(): string[] {
  const socket = openSocket(Protocol.ROUTE)
  try {
    const links = messages(socket, RTM_GETLINK, linkRequest).map(linkOf)
    const names = new Map(links.map(({ ifindex, ifname }) => [ifindex, ifname]))
    return [
      ...links.flatMap((link) =>
        flat(`link ${link.ifname}`, { ...link, master: names.get(link.master ?? 0) }),
      ),
      ...messages(socket, RTM_GETADDR, Buffer.alloc(8)).map((message) => addressLine(message, names)),
      ...ofBothFamilies(socket, RTM_GETROUTE).map((message) => routeLine(message, names)),
      ...qdiscLines(socket, names),
      ...ofBothFamilies(socket, RTM_GETRULE).map((message) => `rule ${JSON.stringify(ruleOf(message))}`),
    ].filter(isNotLate)
  } finally {
    closeSocket(socket)
  }
}

/** A line for each value of an object: a difference then names what has changed. */
function flat(name: string, value: unknown): string[] {
  if (value === undefined) return []
  if (typeof value !== 'object' || value === null) return [`${name}: ${value}`]
  return Object.entries(value).flatMap(([key, inner]) => flat(`${name} ${key}`, inner))
}

function isNotLate(line: string): boolean {
  return !/^address .* fe80:|"dst":"(fe80:|ff00:)|"inet6",.*"table":255,.*"protocol":2,/.test(line)
}

/** All messages of a dump. */
export function messages(socket: Socket, type: number, payload: Buffer): Buffer[] {
  const request = { type, attempt: `dump ${type}`, payload }
  return dump(socket, request).map(({ data }) => data)
}

/** struct rtmsg and struct fib_rule_hdr begin with the family. */
function ofBothFamilies(socket: Socket, type: number): Buffer[] {
  return [AF_INET, AF_INET6].flatMap((family) =>
    messages(socket, type, Buffer.from([family, ...Array(11).fill(0)])),
  )
}

/** struct ifinfomsg, and IFLA_EXT_MASK: RTEXT_FILTER_SKIP_STATS leaves the counters out. */
export const linkRequest = Buffer.concat([Buffer.alloc(16), Buffer.from([8, 0, 29, 0, 8, 0, 0, 0])])

const address = (value: Buffer) => formatAddress(fromBytes(value))
const mac = (value: Buffer) => (value.length === 6 ? formatMac(value) : hex(value))

/** Counters, and states that depend on the carrier and on packets (IFLA_*, include/uapi/linux/if_link.h). */
const moving = [7, 14, 16, 23, 30, 33, 35, 47, 48, 59, 60, 61].map((type) => [type, null] as const)

const linkAttributes: Shown = [
  [3, 'ifname', text],
  [5, 'link_index', number],
  [37, 'link_netnsid', number],
  [1, 'address', mac],
  [4, 'mtu', number],
  [13, 'txqlen', number],
  [10, 'master', number],
  [20, 'ifalias', text],
  [6, 'qdisc', text],
  [18, 'linkinfo', (value) => linkInfo(valuesIn(value))],
  [26, 'settings', (value) => settings(valuesIn(value))],
  ...moving,
]

interface Link extends Record<string, unknown> {
  ifindex: number
  ifname: string
  master?: number
}

function linkOf(message: Buffer): Link {
  return { ifindex: message.readInt32LE(4), ...shown(valuesIn(message, 16), linkAttributes) } as Link
}

/** Timers, identities of other bridges, learned entries and groups (IFLA_BR_* and IFLA_BRPORT_*). */
const ofBridge: Shown = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 47, 48].map((type) => [type, null] as const)
const ofPort: Shown = [1, 13, 14, 15, 16, 19, 20, 21, 22, 23, 41].map((type) => [type, null] as const)

/** IFLA_INFO_*: only a bridge's data change by themselves. */
function linkInfo(values: Values): Record<string, unknown> {
  const isBridge = (type: number) => String(values.get(type)).startsWith('bridge')
  return shown(values, [
    [1, 'info_kind', text],
    [2, 'info_data', (value) => (isBridge(1) ? shown(valuesIn(value), ofBridge) : hex(value))],
    [3, null],
    [4, 'info_slave_kind', text],
    [5, 'info_slave_data', (value) => (isBridge(4) ? shown(valuesIn(value), ofPort) : hex(value))],
  ])
}

/** The sysctls in net/ipv4/conf/LINK and net/ipv6/conf/LINK, by their numbers (IFLA_AF_SPEC). */
function settings(values: Values): Record<string, unknown> {
  return shown(values, [
    [AF_INET, 'ipv4', (value) => shown(valuesIn(value), [[1, 'conf', numbers]])],
    [AF_INET6, 'ipv6', (value) => shown(valuesIn(value), ofIpv6)],
  ])
}

/** Flags, counters and clocks of IPv6 change by themselves (IFLA_INET6_*). */
const ofIpv6: Shown = [[2, 'conf', numbers], ...[1, 3, 4, 5, 6].map((type) => [type, null] as const)]

function numbers(value: Buffer): number[] {
  return Array.from({ length: value.length / 4 }, (_, index) => value.readInt32LE(index * 4))
}

function addressLine(message: Buffer, names: Map<number, string>): string {
  return `address ${names.get(message.readUInt32LE(4))} ${cidrOf(message)} ${scopes[message[3] ?? 0]}`
}

/** The address of a struct ifaddrmsg; IFA_LOCAL is missing in IPv6. */
export function cidrOf(message: Buffer): string {
  const values = valuesIn(message, 8)
  return `${address(values.get(2) ?? values.get(1) ?? Buffer.alloc(4))}/${message[1]}`
}

/** struct rtmsg; RTA_CACHEINFO has the time that is left. */
function routeLine(message: Buffer, names: Map<number, string>): string {
  const [family = 0, prefix, , , , protocol, scope, type] = message
  const route = shown(valuesIn(message, 12), [
    [1, 'dst', (value) => `${address(value)}/${prefix}`],
    [5, 'gateway', address],
    [4, 'dev', (value) => names.get(value.readUInt32LE(0)) ?? number(value)],
    [15, 'table', number],
    [6, 'metric', number],
    [7, 'prefsrc', address],
    [12, null],
  ])
  return `route ${JSON.stringify({ family: families[family], ...route, protocol, scope, type })}`
}

/** The qdiscs that were made: those of the kernel have no handle. */
function qdiscLines(socket: Socket, names: Map<number, string>): string[] {
  const made = listQdiscs(socket).filter(({ handle }) => handle !== 0)
  return made.map(
    ({ index, kind, handle, parent }) =>
      `qdisc ${names.get(index)} ${kind} ${hexOf(handle)} at ${hexOf(parent)}`,
  )
}

const hexOf = (value: number) => value.toString(16)

/** struct fib_rule_hdr. */
function ruleOf(message: Buffer): Record<string, unknown> {
  const [family = 0, destination, source, tos] = message
  const rule = shown(valuesIn(message, 12), [
    [6, 'priority', number],
    [15, 'table', number],
    [3, 'iif', text],
    [17, 'oif', text],
  ])
  return { family: families[family], destination, source, tos, action: message[7], ...rule }
}
