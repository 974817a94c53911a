/**
 * Makes an interface the port of a VRF. The kernel sets it down and up for that, which deletes its routes and some of its IPv6
 * addresses, and its neighbours: they are listed before, and added again, the routes in the VRF's table.
 */

import { noInterface } from '../../shared/attachment/chained.ts'
import { waitForDad } from '../../shared/attachment/configure.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Undo } from '../../shared/attachment/undo.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import type { Log } from '../../shared/error/log.ts'
import { KernelError, tolerate } from '../../shared/kernel/errno.ts'
import { inNamespace } from '../../shared/kernel/namespace.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { changeLink, findLink, type Link } from '../../shared/netlink/link.ts'
import { listNeighbours, type Neighbour, newNeighbour } from '../../shared/netlink/neighbour.ts'
import { RT_TABLE_MAIN } from '../../shared/netlink/route.ts'
import { restoreAddress, saveAddresses } from '../../shared/netlink/saved-address.ts'
import { hasGateway, inTable, restoreRoute, savePortRoutes } from '../../shared/netlink/saved-route.ts'
import { ask, type Request as NetlinkRequest, type Socket } from '../../shared/netlink/socket.ts'
import type { VrfConfig } from './config.ts'

/** What the kernel may delete when the interface becomes a port: its own messages, which have all attributes. */
interface Configuration {
  addresses: Buffer[]
  routes: Buffer[]
  neighbours: Neighbour[]
}

/** The interface that earlier plugins of the chain made. @throws CniError when it is missing, or has a master */
export function findPort(inside: Socket, request: Request<VrfConfig>): Link {
  const { ifname } = request
  const link = findLink(inside, ifname)
  if (!link) throw noInterface(request)
  if (!link.master) return link
  const master = findLink(inside, link.master)?.name ?? `interface ${link.master}`
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `interface ${ifname} has already a master set: ${master}`,
    hint: 'run DEL first, or remove vrf from the chain',
    see: seeLink(ifname, request),
  })
}

/** The routes of one table move to another, those of others stay. */
interface Move {
  from: number
  to: number
}

/** `ip link set PORT master VRF`, keeping the port's addresses, routes and neighbours. @param table the VRF's */
export function makePort(sides: Sides, port: Link, vrf: Link, table: number, undo: Undo): void {
  const { inside } = sides
  const before = configurationOf(inside, port)
  undo(() => {
    ask(inside, changeLink(port, { master: null }))
    restore(inside, restoring(port, before, { from: RT_TABLE_MAIN, to: RT_TABLE_MAIN }))
  })
  ask(inside, changeLink(port, { master: vrf }))
  restore(inside, restoring(port, before, { from: RT_TABLE_MAIN, to: table }))
  if (before.addresses.length > 0) inNamespace(sides.container, () => waitForDad(sides, port))
}

/** `ip link set PORT nomaster`, keeping the same. @param table the VRF's */
export function freePort(inside: Socket, port: Link, table: number, log: Log): void {
  const before = configurationOf(inside, port)
  ask(inside, changeLink(port, { master: null }))
  restoreAll(inside, restoring(port, before, { from: table, to: RT_TABLE_MAIN }), log)
}

function configurationOf(inside: Socket, port: Link): Configuration {
  const neighbours = ([4, 6] as const).flatMap((family) => listNeighbours(inside, port, family))
  return {
    addresses: saveAddresses(inside, port),
    routes: savePortRoutes(inside, port),
    neighbours: neighbours.filter(({ permanent }) => permanent),
  }
}

/** Requests that add again what is missing; routes without gateway first, because others depend on them. */
function restoring(
  port: Link,
  { addresses, routes, neighbours }: Configuration,
  { from, to }: Move,
): NetlinkRequest[] {
  const ordered = [...routes.filter((saved) => !hasGateway(saved)), ...routes.filter(hasGateway)]
  return [
    ...addresses.flatMap((saved) => restoreAddress(port, saved, 0) ?? []),
    ...ordered.flatMap((saved) => restoreRoute(port, inTable(saved, from, to), port.index)),
    ...neighbours.flatMap(({ address, mac }) => (mac ? [newNeighbour(port, address, mac)] : [])),
  ]
}

function restore(inside: Socket, requests: NetlinkRequest[]): void {
  for (const request of requests) tolerate(() => ask(inside, request), 'EEXIST')
}

/** DEL must not get stuck: what the kernel refuses to add again is said, and the rest is added. */
function restoreAll(inside: Socket, requests: NetlinkRequest[], log: Log): void {
  for (const request of requests) {
    try {
      restore(inside, [request])
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      log.warn(`not as it was in the VRF: ${error.message}`)
    }
  }
}
