/** CHECK of hostAccess: the shim, and the routes and neighbours on both sides. */

import { repairable } from '../attachment/broken.ts'
import { cidrs } from '../attachment/configure.ts'
import { matches } from '../attachment/present.ts'
import type { Sides } from '../attachment/sides.ts'
import type { Request } from '../cni/plugin.ts'
import type { Result } from '../cni/result.ts'
import { formatAddress, sameAddress } from '../ip/address.ts'
import { formatCidr } from '../ip/subnet.ts'
import { findLink, type Link } from '../netlink/link.ts'
import { listNeighbours, newNeighbour } from '../netlink/neighbour.ts'
import { listRoutes, newRoute } from '../netlink/route.ts'
import type { Socket } from '../netlink/socket.ts'
import { type Half, planHostAccess } from './access-plan.ts'
import { hostAddresses } from './address.ts'
import { checkShim, type ShimKind } from './shim.ts'

/** @throws CniError naming the first difference to what ADD made */
export function checkHostAccess(
  { host, inside }: Sides,
  request: Request,
  parent: Link,
  kind: ShimKind,
  { ips }: Result,
): void {
  const containers = cidrs(ips)
  const addresses = containers.map(({ address }) => address)
  const hosts = hostAddresses(host, parent, addresses, request.log)
  const link = findLink(inside, request.ifname)
  if (hosts.length === 0 || !link) return
  const shim = checkShim(host, request, parent, kind)
  const { onHost, inContainer } = planHostAccess({ ...kind, containers, hosts, shim, link })
  checkHalf(host, onHost, 'the host')
  checkHalf(inside, inContainer, 'the container')
}

function checkHalf(socket: Socket, half: Half, who: string): void {
  for (const family of [4, 6] as const) {
    checkRoutes(socket, half, family, who)
    checkNeighbours(socket, half, family, who)
  }
}

function checkRoutes(socket: Socket, half: Half, family: 4 | 6, who: string): void {
  const expected = half.routes.filter(({ dst }) => dst.address.family === family)
  if (expected.length === 0) return
  const found = listRoutes(socket, family, half.link)
  const missing = expected.find((spec) => !found.some((route) => matches(route, spec)))
  if (!missing) return
  const msg = `${who} lacks its route to ${formatCidr(missing.dst)}`
  throw repairable(msg, newRoute(missing), `ip -${family} route show dev ${half.link.name}`, socket)
}

function checkNeighbours(socket: Socket, half: Half, family: 4 | 6, who: string): void {
  const expected = half.neighbours.filter(({ address }) => address.family === family)
  if (expected.length === 0) return
  const found = listNeighbours(socket, half.link, family)
  for (const { address, mac } of expected) {
    const one = found.find((neighbour) => sameAddress(neighbour.address, address))
    if (one?.permanent && one.mac === mac) continue
    const msg = `${who} lacks its neighbour entry of ${formatAddress(address)} with MAC address ${mac}`
    const show = `ip -${family} neighbour show dev ${half.link.name}`
    throw repairable(msg, newNeighbour(half.link, address, mac), show, socket)
  }
}
