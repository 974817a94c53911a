/**
 * `hostAccess`: the host and the containers on one of its NICs reach each other. A parent and its children cannot, but
 * children can reach each other. So the host gets a child of its own, a shim without addresses, and routes through it to
 * each container. Permanent neighbour entries on both sides replace ARP and neighbour discovery.
 */

import { cidrs } from '../attachment/configure.ts'
import type { Connected, InterfaceConfig, Life } from '../attachment/device.ts'
import { whileMadeNow } from '../attachment/made.ts'
import { hostSocket } from '../attachment/sides.ts'
import { type Undo, undoable } from '../attachment/undo.ts'
import type { Request } from '../cni/plugin.ts'
import type { Result } from '../cni/result.ts'
import { CniError, Code, factsOf } from '../error/error.ts'
import { type Address, formatAddress, parseAddress } from '../ip/address.ts'
import { formatCidr, parseCidr } from '../ip/subnet.ts'
import { isErrno, type KernelError, tolerate } from '../kernel/errno.ts'
import type { Claim } from '../link/claims.ts'
import { collectLinks, releaseLinks } from '../link/shared-link.ts'
import { findLink, type Link } from '../netlink/link.ts'
import { newNeighbour, removeNeighbour } from '../netlink/neighbour.ts'
import { newOnlyRoute, newRoute, type RouteSpec, removeRoute } from '../netlink/route.ts'
import { ask, type Request as NetlinkRequest, type Socket, transact } from '../netlink/socket.ts'
import { type Half, planHostAccess, routeTo } from './access-plan.ts'
import { hostAddresses } from './address.ts'
import { isShim, type ShimKind, shareShim } from './shim.ts'

/**
 * ADD: makes the shim, and the routes and neighbours of both sides. For a device's `connect`.
 * @returns the shim, for the result
 * @throws CniError when the host has a route to the container's address already
 */
export function connectHostAccess(
  life: Life<InterfaceConfig>,
  parent: Link,
  kind: ShimKind,
  { ips }: Result,
): Connected {
  const { host, inside, request, undo } = life
  const containers = cidrs(ips)
  const addresses = containers.map(({ address }) => address)
  const hosts = hostAddresses(host, parent, addresses, request.log)
  const link = findLink(inside, request.ifname)
  if (hosts.length === 0 || !link) return {}
  const shim = shareShim(life, parent, kind, addresses)
  const plan = planHostAccess({ ...kind, containers, hosts, shim, link })
  // A DEL of this container that runs meanwhile may delete the shim with its last user.
  whileMadeNow(host, shim.name, () => connectHost(host, plan.onHost, undo))
  connectContainer(inside, plan.inContainer)
  return { interfaces: [{ name: shim.name, mac: shim.mac }] }
}

/** Routes first: an address that belongs to another container is refused there, before a neighbour entry is replaced. */
function connectHost(host: Socket, half: Half, undo: Undo): void {
  for (const route of half.routes) {
    const add = () => ask(host, newOnlyRoute(route))
    try {
      undoable(undo, add, () => ask(host, removeRoute(route)))
    } catch (error) {
      throw isErrno(error, 'EEXIST') ? taken(route, error) : error
    }
  }
  const forget = () => transact(host, neighbours(half, removeNeighbour))
  undoable(undo, () => transact(host, neighbours(half, newNeighbour)), forget)
}

function taken({ dst }: RouteSpec, cause: KernelError): CniError {
  return new CniError(Code.Internal, {
    msg: `hostAccess: the host has a route to ${formatCidr(dst)} already, so it would not reach the container: delete that`,
    hint: `look at the route (ip route show ${formatCidr(dst)}): another container has this address, or had it and DEL did not run`,
    ...factsOf(cause),
  })
}

/** Needs no undo: these are deleted with the container's interface. */
function connectContainer(inside: Socket, half: Half): void {
  transact(inside, [...neighbours(half, newNeighbour), ...half.routes.map(newRoute)])
}

function neighbours(
  { link, neighbours }: Half,
  request: (link: Link, address: Address, mac: string) => NetlinkRequest,
): NetlinkRequest[] {
  return neighbours.map(({ address, mac }) => request(link, address, mac))
}

/** For DEL: releases the shim, and removes the routes and neighbours to the container. */
export function removeHostAccess(request: Request): void {
  releaseLinks(hostSocket(), request, (link, claim) => forget(link, completed(claim, request)))
}

/** For GC: the same for attachments of the network that are not valid any more. */
export function collectHostAccess(request: Request): void {
  collectLinks(hostSocket(), request, forget)
}

/** Takes the addresses from the result of ADD if a damaged record has lost them. */
function completed(claim: Claim, { prevResult }: Request): Claim {
  if (claim.notes.length > 0) return claim
  const given = (prevResult?.ips ?? []).flatMap(({ address }) => parseCidr(address) ?? [])
  return { ...claim, notes: given.map(({ address }) => formatAddress(address)) }
}

/** Removes the routes and neighbours to one container from a shim that stays for others. */
function forget(shim: Link, { notes }: Claim): void {
  // The attachment may share other links: a bond of an earlier plugin, outer VLANs.
  if (!isShim(shim)) return
  const host = hostSocket()
  for (const address of notes.flatMap((note) => parseAddress(note) ?? [])) {
    tolerate(() => ask(host, removeRoute(routeTo(address, shim))), 'ESRCH')
    tolerate(() => ask(host, removeNeighbour(shim, address)), 'ENOENT')
  }
}
