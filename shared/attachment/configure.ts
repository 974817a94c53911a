/** The container's interface gets what IPAM said: sysctls, link up, addresses, routes, in one batch. */

import { CniError, Code } from '../cni/error.ts'
import type { Ip, Result, Route } from '../cni/result.ts'
import { type Address, formatAddress, parseAddress } from '../ip/address.ts'
import { type Cidr, formatCidr, parseCidr } from '../ip/subnet.ts'
import { inNamespace } from '../kernel/namespace.ts'
import { writeSysctl } from '../kernel/sysctl.ts'
import { listAddresses, newAddress } from '../netlink/address.ts'
import { commandIn } from '../netlink/command.ts'
import { Group, waitFor } from '../netlink/events.ts'
import { changeLink, type Link } from '../netlink/link.ts'
import { newRoute, type RouteSpec } from '../netlink/route.ts'
import { type Socket, transact } from '../netlink/socket.ts'
import type { Sides } from './sides.ts'

/** Duplicate address detection: left out, or waited for (RFC 4862 section 5.4). */
export type Dad = 'off' | 'wait'

/** IPv6 needs so much of a link: RFC 8200 section 5, IPV6_MIN_MTU of the kernel. */
const IPV6_LEAST_MTU = 1280

/** How long detection may take before ADD gives up: the kernel's default is one probe and a second. */
const DAD_MILLISECONDS = 10_000

/** How a container's interface comes up. */
export interface BringUp {
  /** Default: `off`. */
  dad?: Dad
  /** The device's own routes, which IPAM's rest on; addresses bring no subnet route then. */
  onLink?: RouteSpec[]
  /** It comes up after it has its addresses, and the kernel announces them then; its MAC address is not set again. */
  upLast?: boolean
  /** It stays down, without addresses. */
  stayDown?: boolean
}

/** Brings an interface up with its addresses and routes. */
export function configure(sides: Sides, link: Link, lease: Result, bringUp: BringUp = {}): void {
  const { dad = 'off', onLink, upLast, stayDown } = bringUp
  if (stayDown) return
  const addresses = cidrs(lease.ips)
  refuseSmallMtu(link, addresses)
  const flags = { nodad: dad === 'off', noprefixroute: onLink !== undefined }
  inNamespace(sides.container, () => setSysctls(link, addresses, dad))
  const up = changeLink(link, { up: true })
  const first = addresses.map((cidr) => newAddress(link, cidr, flags))
  transact(sides.inside, [
    ...(upLast ? [...first, up] : [up, ...first]),
    ...routesOf(lease, link, onLink).map(newRoute),
  ])
  if (dad === 'wait') inNamespace(sides.container, () => waitForDad(sides, link))
}

/** The addresses of a result, with their prefixes. */
export function cidrs(ips: Ip[]): Cidr[] {
  return ips.map(({ address }) => parseCidr(address) ?? refuse(`address ${address}`))
}

function refuse(what: string): never {
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `the IPAM result has an invalid ${what}`,
    hint: 'correct it in the ipam section, or update the IPAM plugin',
  })
}

/** The kernel would say EINVAL of the address. */
function refuseSmallMtu({ name, mtu }: Link, addresses: Cidr[]): void {
  const ipv6 = addresses.find(({ address }) => address.family === 6)
  if (!ipv6 || mtu >= IPV6_LEAST_MTU) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `${name} cannot have ${formatCidr(ipv6)}: its MTU is ${mtu}, and IPv6 needs ${IPV6_LEAST_MTU}: raise mtu`,
    hint: `set an mtu of ${IPV6_LEAST_MTU} or more, or take the IPv6 range out of ipam`,
  })
}

/** Kernel parameters of the interface, set before it is up. Where one is missing, the kernel has no IPv6. */
function setSysctls({ name }: Link, addresses: Cidr[], dad: Dad): void {
  writeSysctl('1', 'ipv4', 'conf', name, 'arp_notify')
  if (!addresses.some(({ address }) => address.family === 6)) return
  writeSysctl('0', 'ipv6', 'conf', name, 'disable_ipv6')
  writeSysctl('1', 'ipv6', 'conf', name, 'keep_addr_on_down')
  writeSysctl('1', 'ipv6', 'conf', name, 'ndisc_notify')
  writeSysctl(dad === 'off' ? '0' : '1', 'ipv6', 'conf', name, 'accept_dad')
}

/** The routes of the container's interface: the device's own, then those that rest on them. */
export function routesOf({ routes, ips }: Result, link: Link, onLink: RouteSpec[] = []): RouteSpec[] {
  return [...onLink, ...routes.map((route) => toRouteSpec(route, link, ips))]
}

/** A route of the result in the kernel's terms; one without a gateway takes that of its family. */
function toRouteSpec(route: Route, link: Link, ips: Ip[]): RouteSpec {
  const dst = parseCidr(route.dst) ?? refuse(`route destination ${route.dst}`)
  return { ...route, dst, gateway: gatewayOf(route, dst, ips), link: link.index, linkName: link.name }
}

function gatewayOf({ gw, scope }: Route, { address }: Cidr, ips: Ip[]): Address | undefined {
  if (gw) return parseAddress(gw) ?? refuse(`gateway ${gw}`)
  // A route of scope link or host reaches its destination without one.
  if (scope) return undefined
  const gateways = ips.map(({ gateway }) => (gateway ? parseAddress(gateway) : undefined))
  return gateways.find((gateway) => gateway?.family === address.family)
}

/** Waits until no address is tentative any more, on the kernel's notifications. Must be called in the link's namespace. */
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
      hint: 'try again; if it recurs, see whether the interface has a carrier, and dad_transmits of its sysctls',
      see: commandIn(inside, `ip -6 address show dev ${link.name} tentative`),
    })
}

function duplicateError(inside: Socket, cidr: Cidr, link: Link): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `${formatAddress(cidr.address)} is in use already: duplicate address detection found its owner, so exclude it from the range`,
    hint: `find who has it: ip neighbour show ${formatAddress(cidr.address)}; then exclude it from the range`,
    reproduce: commandIn(inside, `ip address add ${formatCidr(cidr)} dev ${link.name}`),
  })
}
