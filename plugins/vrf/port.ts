/**
 * Makes an interface the port of a VRF. The kernel sets it down and up for that, which deletes its routes and some of its IPv6
 * addresses: they are listed before, and added again in the VRF's table.
 */

import { waitForDad } from '../../shared/attachment/configure.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Undo } from '../../shared/attachment/undo.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { sameCidr } from '../../shared/ip/subnet.ts'
import { inNamespace } from '../../shared/kernel/namespace.ts'
import { type LinkAddress, listAddresses, newAddress } from '../../shared/netlink/address.ts'
import { commandIn, seeLink } from '../../shared/netlink/command.ts'
import { changeLink, findLink, type Link } from '../../shared/netlink/link.ts'
import { type KernelRoute, listRoutes, newRoute, RT_TABLE_MAIN } from '../../shared/netlink/route.ts'
import { ask, type Socket, transact } from '../../shared/netlink/socket.ts'
import type { VrfConfig } from './config.ts'

/** What the kernel may delete when the interface becomes a port. */
interface Configuration {
  addresses: LinkAddress[]
  routes: KernelRoute[]
}

/** The interface that earlier plugins of the chain made. @throws CniError when it is missing, or has a master */
export function findPort(inside: Socket, request: Request<VrfConfig>): Link {
  const { ifname } = request
  const link = findLink(inside, ifname)
  if (!link)
    throw new CniError(Code.InvalidEnvironment, {
      msg: `CNI_IFNAME: the container has no interface ${ifname}: put vrf after the plugin that makes it`,
      hint: 'an earlier plugin in the chain must make it',
      see: commandIn(request, 'ip link show'),
      errno: 'ENODEV',
    })
  if (!link.master) return link
  const master = findLink(inside, link.master)?.name ?? `interface ${link.master}`
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `interface ${ifname} has already a master set: ${master}`,
    hint: 'run DEL first, or remove vrf from the chain',
    see: seeLink(ifname, request),
  })
}

/** `ip link set PORT master VRF`, keeping the port's addresses and routes. @param table the VRF's */
export function makePort(sides: Sides, port: Link, vrf: Link, table: number, undo: Undo): void {
  const { inside } = sides
  const before = configurationOf(inside, port)
  undo(() => {
    ask(inside, changeLink(port, { master: null }))
    restore(inside, port, before, RT_TABLE_MAIN)
  })
  ask(inside, changeLink(port, { master: vrf }))
  restore(inside, port, before, table)
  if (before.addresses.length > 0) inNamespace(sides.container, () => waitForDad(sides, port))
}

/** Without IPv4 addresses, which the kernel keeps, and link-local ones, which it adds again. */
function configurationOf(inside: Socket, port: Link): Configuration {
  const isGlobal = ({ address, scope }: LinkAddress) => address.family === 6 && scope === 0
  const routes = ([4, 6] as const).flatMap((family) => listRoutes(inside, family, port))
  return {
    addresses: listAddresses(inside, port).filter(isGlobal),
    routes: routes.filter(({ dst }) => dst.address.family === 4 || dst.address.value >> 118n !== 0x3fan),
  }
}

/** Adds missing addresses and routes again; routes without gateway first, because others depend on them. Routes of the main table move to the VRF's. */
function restore(inside: Socket, port: Link, { addresses, routes }: Configuration, table: number): void {
  const present = listAddresses(inside, port)
  const lost = addresses.filter((address) => !present.some((other) => sameCidr(other, address)))
  if (lost.length > 0)
    transact(
      inside,
      lost.map((cidr) => newAddress(port, cidr, { nodad: true, noprefixroute: true })),
    )
  const after = ([4, 6] as const).flatMap((family) => listRoutes(inside, family, port))
  const wanted = routes.map((route) => ({
    ...route,
    table: route.table === RT_TABLE_MAIN ? table : route.table,
  }))
  const missing = wanted.filter((route) => !after.some((other) => isSame(route, other)))
  const inOrder = [...missing.filter(({ gateway }) => !gateway), ...missing.filter(({ gateway }) => gateway)]
  if (inOrder.length === 0) return
  transact(
    inside,
    inOrder.map((route) => newRoute({ ...route, link: port.index, linkName: port.name })),
  )
}

function isSame(one: KernelRoute, other: KernelRoute): boolean {
  return one.table === other.table && one.priority === other.priority && sameCidr(one.dst, other.dst)
}
