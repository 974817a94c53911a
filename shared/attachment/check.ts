/** CHECK of what every attachment has: the container's interface with the MAC address, addresses and routes of the result. */

import type { Request } from '../cni/plugin.ts'
import type { Result } from '../cni/result.ts'
import { formatAddress } from '../ip/address.ts'
import { type Cidr, formatCidr, networkOf } from '../ip/subnet.ts'
import { listAddresses, newAddress } from '../netlink/address.ts'
import { commandIn } from '../netlink/command.ts'
import { findLink, type Link } from '../netlink/link.ts'
import { type KernelRoute, listRoutes, newRoute, type RouteSpec } from '../netlink/route.ts'
import { broken, isDown, mismatch, repairable, wrongLink, wrongMtu } from './broken.ts'
import { cidrs, routesOf } from './configure.ts'
import type { Device, InterfaceConfig } from './device.ts'
import { matches } from './present.ts'
import type { Sides } from './sides.ts'
import { isTuned } from './tuned.ts'

/**
 * Compares the container's interface with the result of its ADD.
 * @param device for its own routes, and for the reason why its interface may be gone
 * @throws CniError naming the first difference
 */
export function checkContainer<Config extends InterfaceConfig>(
  sides: Sides,
  request: Request<Config>,
  prevResult: Result,
  { bringUp, vanishes, macs }: Pick<Device<Config>, 'bringUp' | 'vanishes' | 'macs'>,
): void {
  const { ifname } = request
  const link = findLink(sides.inside, ifname)
  if (!link) {
    const why = vanishes ? ` (${vanishes})` : ''
    throw broken(`the container has no interface ${ifname} any more${why}`, {
      see: commandIn(request, 'ip -d link show'),
    })
  }
  const index = prevResult.interfaces.findIndex(({ name, sandbox }) => name === ifname && sandbox)
  checkInterface(link, prevResult, index, request, () => macs?.(sides, request) ?? [])
  const ips = prevResult.ips.filter((ip) => ip.interface === undefined || ip.interface === index)
  checkAddresses(sides, link, cidrs(ips))
  const { onLink } = bringUp?.(request.config, { ...prevResult, ips }, link) ?? {}
  const inside = prevResult.interfaces.filter(({ sandbox }) => sandbox)
  checkRoutes(sides, routesOf(prevResult, link, onLink), inside.length > 1)
}

const ownResult = { hint: 'CHECK needs the result that ADD gave for this container' }

function checkInterface(
  link: Link,
  prevResult: Result,
  index: number,
  request: Request,
  otherMacs: () => string[],
): void {
  const { name, mac, mtu } = link
  const expected = prevResult.interfaces[index]
  if (!expected) throw broken(`prevResult has no interface ${name} in a sandbox`, ownResult)
  if (expected.sandbox !== request.netns)
    throw broken(`prevResult has ${name} in sandbox ${expected.sandbox}, not ${request.netns}`, ownResult)
  if (expected.mac && expected.mac.toLowerCase() !== mac && !otherMacs().includes(mac))
    throw wrongLink(mismatch(name, 'MAC address', mac, expected.mac), name, { mac: expected.mac }, request)
  if (expected.mtu && expected.mtu !== mtu && !isTuned(request, 'mtu'))
    throw wrongMtu(link, expected.mtu, request)
}

function checkAddresses({ inside }: Sides, link: Link, expected: Cidr[]): void {
  if (expected.length === 0) return
  if (!link.up) throw isDown(link.name, inside)
  const found = new Set(listAddresses(inside, link).map(formatCidr))
  for (const cidr of expected) {
    if (found.has(formatCidr(cidr))) continue
    const msg = `${link.name} lacks its address ${formatCidr(cidr)}`
    throw repairable(msg, newAddress(link, cidr), `ip address show dev ${link.name}`, inside)
  }
}

/** @param isOneOfMany a result does not say which of several interfaces a route belongs to */
function checkRoutes({ inside }: Sides, specs: RouteSpec[], isOneOfMany: boolean): void {
  for (const family of new Set(specs.map(({ dst }) => dst.address.family))) {
    const found = byDestination(listRoutes(inside, family))
    const missing = specs.find(
      (spec) =>
        spec.dst.address.family === family &&
        !found.get(keyOf(spec.dst))?.some((route) => matches(route, asFound(spec, route, isOneOfMany))),
    )
    if (!missing) continue
    const gateway = missing.gateway ? ` via ${formatAddress(missing.gateway)}` : ''
    const msg = `the container lacks its route ${formatCidr(missing.dst)}${gateway}`
    throw repairable(msg, newRoute(missing), `ip -${family} route show table all`, inside)
  }
}

/** A later plugin of the list may move the routes that name no table: vrf to that of its VRF, sbr to one for each interface. */
function asFound(spec: RouteSpec, { table, link }: KernelRoute, isOneOfMany: boolean): RouteSpec {
  return { ...spec, table: spec.table || table, link: (isOneOfMany && link) || spec.link }
}

/** A container may have thousands of routes: each is looked up, not searched. */
function byDestination(routes: KernelRoute[]): Map<string, KernelRoute[]> {
  const found = new Map<string, KernelRoute[]>()
  for (const route of routes) {
    const others = found.get(keyOf(route.dst))
    if (others) others.push(route)
    else found.set(keyOf(route.dst), [route])
  }
  return found
}

function keyOf(subnet: Cidr): string {
  return `${networkOf(subnet).value}/${subnet.prefix}`
}
