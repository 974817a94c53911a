/** CHECK of what every attachment has: the container's interface with the MAC, addresses and routes of the result. */

import { CniError, Code, type Complaint } from '../cni/error.ts'
import type { Request } from '../cni/plugin.ts'
import type { Result } from '../cni/result.ts'
import { formatAddress, sameAddress } from '../ip/address.ts'
import { type Cidr, formatCidr, networkOf, sameCidr } from '../ip/subnet.ts'
import { listAddresses } from '../netlink/address.ts'
import { findLink, type Link } from '../netlink/link.ts'
import { type KernelRoute, listRoutes, type RouteSpec, RT_TABLE_MAIN } from '../netlink/route.ts'
import { tableOf } from '../netlink/vrf.ts'
import { cidrs, routesOf } from './configure.ts'
import type { Device, InterfaceConfig } from './device.ts'
import type { Wiring } from './wiring.ts'

/** What CHECK found broken. @param more a remedy, where there is a smaller one than DEL and ADD, and how to see it */
export function broken(msg: string, more: Pick<Complaint, 'hint' | 'see'> = {}): CniError {
  return new CniError(Code.Internal, { msg, hint: 'run DEL and ADD again to repair the attachment', ...more })
}

/**
 * Compares the container's interface with the result of its ADD.
 * @param device what is its own: routes, and why its interface may be gone
 * @throws CniError naming the first difference
 */
export function checkContainer(
  wiring: Wiring,
  request: Request,
  prevResult: Result,
  { onLink, vanishes }: Pick<Device<InterfaceConfig, unknown>, 'onLink' | 'vanishes'>,
): void {
  const { netns, ifname } = request
  const link = findLink(wiring.inside, ifname)
  if (!link) {
    const why = vanishes ? ` (${vanishes})` : ''
    throw broken(`the container has no interface ${ifname} any more${why}`, {
      see: `nsenter --net=${netns} ip link`,
    })
  }
  const index = prevResult.interfaces.findIndex(({ name, sandbox }) => name === ifname && sandbox)
  checkInterface(link, prevResult, index, netns)
  const ips = prevResult.ips.filter((ip) => ip.interface === undefined || ip.interface === index)
  checkAddresses(wiring, link, cidrs(ips))
  const main = routingTable(wiring, link)
  const routes = routesOf(prevResult, link, onLink?.({ ...prevResult, ips }, link))
  checkRoutes(
    wiring,
    routes.map((route) => ({ ...route, table: route.table || main })),
  )
}

/** A plugin later in the chain may have put the interface into a VRF, and its routes with it. */
function routingTable({ inside }: Wiring, { master }: Link): number {
  const vrf = master ? findLink(inside, master) : undefined
  return (vrf && tableOf(vrf)) ?? RT_TABLE_MAIN
}

function checkInterface(link: Link, prevResult: Result, index: number, netns: string): void {
  const expected = prevResult.interfaces[index]
  if (!expected) throw broken(`prevResult names no interface ${link.name} in a sandbox`)
  const show = `nsenter --net=${netns} ip link show dev ${link.name}`
  if (expected.sandbox !== netns)
    throw broken(`prevResult has ${link.name} in sandbox ${expected.sandbox}, not ${netns}`)
  if (expected.mac && expected.mac.toLowerCase() !== link.mac) {
    throw broken(`${link.name} has MAC address ${link.mac}, not ${expected.mac}`, { see: show })
  }
  if (expected.mtu && expected.mtu !== link.mtu)
    throw broken(`${link.name} has MTU ${link.mtu}, not ${expected.mtu}`, { see: show })
}

function checkAddresses({ inside, container }: Wiring, link: Link, expected: Cidr[]): void {
  if (expected.length === 0) return
  if (!link.up)
    throw broken(`${link.name} is down`, {
      see: `nsenter --net=${container.path} ip link show dev ${link.name}`,
    })
  const found = listAddresses(inside, link)
  for (const cidr of expected) {
    if (found.some((address) => sameCidr(address, cidr))) continue
    const command = `nsenter --net=${container.path} ip address show dev ${link.name}`
    throw broken(`${link.name} lacks its address ${formatCidr(cidr)}`, { see: command })
  }
}

function checkRoutes({ inside, container }: Wiring, specs: RouteSpec[]): void {
  for (const family of new Set(specs.map(({ dst }) => dst.address.family))) {
    const found = listRoutes(inside, family)
    const missing = specs.find(
      (spec) => spec.dst.address.family === family && !found.some((route) => matches(route, spec)),
    )
    if (!missing) continue
    const gateway = missing.gateway ? ` via ${formatAddress(missing.gateway)}` : ''
    const command = `nsenter --net=${container.path} ip -${family} route show table all`
    throw broken(`the container lacks its route ${formatCidr(missing.dst)}${gateway}`, { see: command })
  }
}

/** Whether the kernel's route is the one that was asked for. A priority or table of 0 leaves the choice to the kernel. */
export function matches(
  route: KernelRoute,
  { dst, gateway, link, table, priority, source }: RouteSpec,
): boolean {
  return (
    route.dst.prefix === dst.prefix &&
    sameAddress(route.dst.address, networkOf(dst)) &&
    (!gateway || (route.gateway !== undefined && sameAddress(route.gateway, gateway))) &&
    route.link === link &&
    route.table === (table || RT_TABLE_MAIN) &&
    (!source || (route.source !== undefined && sameAddress(route.source, source))) &&
    (!priority || route.priority === priority)
  )
}
