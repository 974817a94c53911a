/** Configures the container's interface from IPAM's result: sysctls, then link up, addresses and routes in one batch. */

import type { Ip, Result, Route } from '../cni/result.ts'
import { CniError, Code } from '../error/error.ts'
import type { Log } from '../error/log.ts'
import { type Address, formatAddress, nextHop, parseAddress, width } from '../ip/address.ts'
import { type Cidr, contains, formatCidr, linkLocal, parseCidr } from '../ip/subnet.ts'
import { inNamespace } from '../kernel/namespace.ts'
import { listAddresses, newAddress } from '../netlink/address.ts'
import { commandIn } from '../netlink/command.ts'
import { Group, waitFor } from '../netlink/events.ts'
import { changeIpv4Conf, Ipv4Conf } from '../netlink/ipv4-conf.ts'
import { changeLink, type Link } from '../netlink/link.ts'
import type { RouteSpec } from '../netlink/route.ts'
import { type Socket, transact } from '../netlink/socket.ts'
import { inPlace } from './default-route.ts'
import { enableIPv6 } from './ipv6.ts'
import { nothing, presentOn } from './present.ts'
import type { Sides } from './sides.ts'
import { lateLinkLocal, preferSysctl, requireSysctl } from './sysctl.ts'

/** Duplicate address detection: `off`, or `wait` until it has ended (RFC 4862 section 5.4). */
export type Dad = 'off' | 'wait'

/** The smallest MTU that a link with IPv6 may have: RFC 8200 section 5, IPV6_MIN_MTU of the kernel. */
const IPV6_MIN_MTU = 1280

/** How long ADD waits for detection. By the kernel's defaults it takes one probe and 1 s. */
const DAD_MILLISECONDS = 10_000

/** How a container's interface comes up. */
export interface BringUp {
  /** Default: `off`. */
  dad?: Dad
  /** The device's own routes, which the gateways of IPAM's routes need; addresses add no subnet route then. */
  onLink?: RouteSpec[]
  /** Set up after it has its addresses: the kernel announces them then, and the MAC address is not set again. */
  upLast?: boolean
  /** Left down, without addresses. */
  stayDown?: boolean
  /** A default route that the container has stays the first. */
  keepDefaultRoute?: boolean
  /** IPAM has set it up already: addresses and routes that the kernel has by then, as those of a router's advertisement, stay as they are. */
  isUsed?: boolean
}

/** Brings an interface up with its addresses and routes. @param log for what it does without */
export function configure(sides: Sides, link: Link, lease: Result, log: Log, bringUp: BringUp = {}): void {
  const { dad = 'off', onLink, upLast, stayDown, keepDefaultRoute, isUsed } = bringUp
  if (stayDown) return
  const addresses = cidrs(lease.ips)
  refuseSmallMtu(link, addresses)
  const flags = { nodad: dad === 'off', noprefixroute: onLink !== undefined }
  if (hasFamily(addresses, 6)) inNamespace(sides.container, () => setSysctls(link, dad, log))
  const notify = hasFamily(addresses, 4) ? [changeIpv4Conf(link, Ipv4Conf.ARP_NOTIFY, 1)] : []
  const up = changeLink(link, { up: true })
  const there = isUsed ? presentOn(sides.inside, link) : nothing
  const first = addresses.filter(there.lacksAddress).map((cidr) => newAddress(link, cidr, flags))
  const wanted = routesOf(lease, link, onLink)
  if (!onLink) warnOfOffLink(wanted, addresses, log)
  const routes = wanted.filter(there.lacksRoute)
  transact(sides.inside, [
    ...notify,
    ...(upLast ? [...first, up] : [up, ...first]),
    ...inPlace(sides.inside, routes, keepDefaultRoute),
  ])
  if (dad === 'wait') inNamespace(sides.container, () => waitForDad(sides, link))
}

/** The addresses of a result, with their prefixes. */
export function cidrs(ips: readonly Ip[]): Cidr[] {
  return ips.map(({ address }) => parseCidr(address) ?? refuse(`address ${address}`))
}

function refuse(what: string): never {
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `the IPAM result has an invalid ${what}`,
    hint: 'correct it in the ipam section, or update the IPAM plugin',
  })
}

/** Otherwise the kernel refuses the address with EINVAL, without a reason. */
function refuseSmallMtu({ name, mtu }: Link, addresses: Cidr[]): void {
  const ipv6 = addresses.find(({ address }) => address.family === 6)
  if (!ipv6 || mtu >= IPV6_MIN_MTU) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `${name} cannot have ${formatCidr(ipv6)}: its MTU is ${mtu}, and IPv6 needs ${IPV6_MIN_MTU}: raise mtu`,
    hint: `set an mtu of ${IPV6_MIN_MTU} or more, or take the IPv6 range out of ipam`,
  })
}

function hasFamily(addresses: readonly Cidr[], family: 4 | 6): boolean {
  return addresses.some(({ address }) => address.family === family)
}

/** Sets the interface's sysctls of IPv6, which netlink cannot set, before it is up. */
function setSysctls({ name }: Link, dad: Dad, log: Log): void {
  // Traffic to the container's own addresses goes by lo.
  enableIPv6('lo', name)
  const lost = 'its IPv6 addresses are lost when it is set down'
  preferSysctl(log, lost, '1', 'ipv6', 'conf', name, 'keep_addr_on_down')
  const stale = 'neighbours that knew another owner of its addresses learn of it late'
  preferSysctl(log, stale, '1', 'ipv6', 'conf', name, 'ndisc_notify')
  // `wait` promises the detection; without `off` only the link-local address comes late.
  if (dad === 'wait') requireSysctl('1', 'ipv6', 'conf', name, 'accept_dad')
  else preferSysctl(log, lateLinkLocal, '0', 'ipv6', 'conf', name, 'accept_dad')
}

/** The routes of the container's interface: the device's own, then those of the result, whose gateways may need them. */
export function routesOf({ routes, ips }: Result, link: Link, onLink: RouteSpec[] = []): RouteSpec[] {
  return [...onLink, ...routes.map((route) => toRouteSpec(route, link, ips))]
}

/** Whether a gateway is in no subnet of the container, as that of a hoster's /32: it is reached by the link all the same. */
function isOffLink(gateway: Address, ips: readonly Ip[]): boolean {
  const ofFamily = cidrs(ips).filter(({ address }) => address.family === gateway.family)
  return ofFamily.length > 0 && ![...ofFamily, linkLocal].some((subnet) => contains(subnet, gateway))
}

/** Beside a subnet such a gateway may be a mistake. The host's end of a ptp has a route of its own. */
function warnOfOffLink(routes: readonly RouteSpec[], addresses: readonly Cidr[], log: Log): void {
  const strange = routes.flatMap(({ onlink, gateway }) => (onlink && gateway ? [gateway] : []))
  const hasSubnet = (family: 4 | 6) =>
    addresses.some(({ address, prefix }) => address.family === family && prefix < width(family))
  const texts = strange.filter(({ family }) => hasSubnet(family)).map(formatAddress)
  for (const text of new Set(texts))
    log.warn(`the gateway ${text} is in no subnet of the container: it is looked for on the link`)
}

/** A route of the result in the kernel's terms. Without a gateway of its own it takes the first one of its family. */
function toRouteSpec(route: Route, link: Link, ips: Ip[]): RouteSpec {
  const dst = parseCidr(route.dst) ?? refuse(`route destination ${route.dst}`)
  const gateway = gatewayOf(route, dst, ips)
  const onlink = gateway && isOffLink(gateway, ips)
  return { ...route, dst, gateway, onlink, link: link.index, linkName: link.name }
}

/** The routes of a result, each with its gateway, for a result with several interfaces. */
export function withGateways({ routes, ips }: Result): Route[] {
  return routes.map((route) => {
    const dst = parseCidr(route.dst) ?? refuse(`route destination ${route.dst}`)
    const { family } = dst.address
    return { ...route, gw: formatAddress(gatewayOf(route, dst, ips) ?? { family, value: 0n }) }
  })
}

function gatewayOf({ gw, scope }: Route, { address }: Cidr, ips: Ip[]): Address | undefined {
  if (gw) return nextHop(parseAddress(gw) ?? refuse(`gateway ${gw}`))
  // A route of scope link or host has no gateway.
  if (scope) return undefined
  const gateways = ips.map(({ gateway }) => (gateway ? parseAddress(gateway) : undefined))
  return nextHop(gateways.find((gateway) => gateway?.family === address.family))
}

/** Waits, on the kernel's notifications, until no address is tentative. Must be called in the link's namespace. @throws CniError */
export function waitForDad({ inside }: Pick<Sides, 'inside'>, link: Link): void {
  const settled = waitFor(Group.IPV6_IFADDR, DAD_MILLISECONDS, () => {
    const addresses = listAddresses(inside, link).filter(({ scope }) => scope === 0)
    const duplicate = addresses.find(({ dadFailed }) => dadFailed)
    if (duplicate) throw duplicateError(inside, duplicate, link)
    return addresses.some(({ tentative }) => tentative) ? undefined : true
  })
  if (!settled)
    throw new CniError(Code.TryAgainLater, {
      msg: `duplicate address detection on ${link.name} did not end within ${DAD_MILLISECONDS / 1000} s`,
      hint: 'try again; if it happens again, check that the interface has a carrier, and its sysctl dad_transmits',
      see: commandIn(inside, `ip -6 address show dev ${link.name} tentative`),
    })
}

function duplicateError(inside: Socket, cidr: Cidr, link: Link): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `${formatAddress(cidr.address)} is in use already: duplicate address detection found its owner, so exclude it from the range`,
    hint: `find the machine that has it: ip neighbour show ${formatAddress(cidr.address)}; then exclude the address from the range`,
    reproduce: commandIn(inside, `ip address add ${formatCidr(cidr)} dev ${link.name}`),
  })
}
