/** Uplinks: host NICs as ports of the bridge, so that containers are on the physical LAN. Their addresses are moved only with `moveAddresses`. */

import { type Undo, undoable } from '../../shared/attachment/undo.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { formatCidr } from '../../shared/ip/subnet.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { type LinkAddress, listAddresses, newAddress, removeAddress } from '../../shared/netlink/address.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { changeLink, findLink, type Link, listLinks } from '../../shared/netlink/link.ts'
import {
  type KernelRoute,
  listRoutes,
  newRoute,
  type RouteSpec,
  RT_TABLE_MAIN,
} from '../../shared/netlink/route.ts'
import { ask, type Request, type Socket, transact } from '../../shared/netlink/socket.ts'
import { type BridgeConfig, type Uplink, uplinksOf } from './config.ts'
import { addVlans, newPortVlans } from './uplink-vlans.ts'

/** Makes each uplink a port of the bridge. The caller holds the bridge's lock. @throws CniError when a NIC cannot be one */
export function connectUplinks(host: Socket, bridge: Link, config: BridgeConfig, undo: Undo): void {
  for (const uplink of uplinksOf(config)) {
    const nic = findLink(host, uplink.name)
    if (!nic) throw missing(uplink.name)
    if (nic.master === bridge.index) addVlans(host, nic, uplink, undo)
    else connect({ host, bridge, nic, uplink, undo }, config)
  }
}

interface Connecting {
  host: Socket
  bridge: Link
  nic: Link
  uplink: Uplink
  undo: Undo
}

function connect(connecting: Connecting, config: BridgeConfig): void {
  const { host, bridge, nic, uplink, undo } = connecting
  if (nic.master) throw taken(host, nic)
  const addresses = ownAddresses(host, nic)
  if (addresses.length > 0 && !config.moveAddresses) throw hasAddresses(nic, addresses, bridge)
  const routes = addresses.length > 0 ? routesOf(host, nic) : []
  refuseUnmovable(connecting, addresses, routes)
  enslave(connecting, newPortVlans(bridge, nic, uplink, config))
  if (addresses.length > 0) moveAll(host, nic, bridge, addresses, routes, undo)
}

/** In one message: a process that is killed leaves no port without its VLANs, which would let frames into another one. */
function enslave({ host, bridge, nic, undo }: Connecting, vlans: Request[]): void {
  undoable(
    undo,
    () => transact(host, [changeLink(nic, { master: bridge, up: true }), ...vlans]),
    () => ask(host, changeLink(nic, { master: null, up: nic.up })),
  )
}

/** The addresses of the NIC, without the link-local one that the kernel makes. */
function ownAddresses(host: Socket, link: Link): LinkAddress[] {
  return listAddresses(host, link).filter(({ scope }) => scope === 0)
}

/** Moves addresses from the NIC to the bridge, and the routes that the kernel deletes with them. */
function moveAll(
  host: Socket,
  from: Link,
  to: Link,
  addresses: LinkAddress[],
  routes: KernelRoute[],
  undo: Undo,
): void {
  undo(() => restore(host, from, addresses, routes))
  for (const address of addresses) {
    // EADDRNOTAVAIL: the kernel deletes secondary addresses with the first one of their subnet.
    tolerate(() => ask(host, removeAddress(from, address)), 'EADDRNOTAVAIL')
    undo(() => tolerate(() => ask(host, removeAddress(to, address)), 'EADDRNOTAVAIL'))
    tolerate(() => ask(host, newAddress(to, address, { nodad: true })), 'EEXIST')
  }
  for (const route of routes) tolerate(() => ask(host, newRoute(via(route, to))), 'EEXIST')
}

function restore(host: Socket, link: Link, addresses: LinkAddress[], routes: KernelRoute[]): void {
  for (const address of addresses)
    tolerate(() => ask(host, newAddress(link, address, { nodad: true })), 'EEXIST')
  for (const route of routes) tolerate(() => ask(host, newRoute(via(route, link))), 'EEXIST')
}

/** The routes of a NIC; those without a gateway first, because the gateways of the others need them. */
function routesOf(host: Socket, link: Link): KernelRoute[] {
  const routes = ([4, 6] as const).flatMap((family) => listRoutes(host, family))
  return routes
    .filter(({ link: out, protocol }) => out === link.index && protocol !== 'KERNEL')
    .sort((one, other) => Number(one.gateway !== undefined) - Number(other.gateway !== undefined))
}

function via(route: KernelRoute, link: Link): RouteSpec {
  return { ...route, link: link.index, linkName: link.name }
}

/** Refuses addresses and routes that would differ on the bridge, before anything is changed. */
function refuseUnmovable(
  { nic: { name }, bridge, uplink: { vlan } }: Connecting,
  addresses: LinkAddress[],
  routes: KernelRoute[],
): void {
  const reasons = [
    ...(addresses.length > 0 && vlan > 1
      ? [`its VLAN is ${vlan}, and ${bridge.name} itself is in VLAN 1`]
      : []),
    ...addresses
      .filter(({ permanent }) => !permanent)
      .map((one) => `${formatCidr(one)} has a lifetime (DHCP?)`),
    ...addresses.filter(({ pointToPoint }) => pointToPoint).map((one) => `${formatCidr(one)} has a peer`),
    ...routes
      .filter(({ table }) => table !== RT_TABLE_MAIN)
      .map(({ dst, table }) => `the route to ${formatCidr(dst)} is in table ${table}`),
    ...routes
      .filter(({ multipath }) => multipath)
      .map(({ dst }) => `the route to ${formatCidr(dst)} has several next hops`),
  ]
  if (reasons.length === 0) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `moveAddresses: cannot move all from ${name} to ${bridge.name}, so configure ${bridge.name} on the host: ${reasons.join(', ')}`,
    hint: `make ${bridge.name} with ${name} as its port in the host's own network configuration`,
    see: `ip address show dev ${name}; ip route show table all dev ${name}`,
  })
}

function missing(name: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `uplinks: the host has no interface ${JSON.stringify(name)}: name another`,
    hint: 'name NICs of the host, or take this one out of uplinks',
    see: 'ip link show',
    errno: 'ENODEV',
  })
}

function taken(host: Socket, uplink: Link): CniError {
  const master = listLinks(host).find(({ index }) => index === uplink.master)
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `uplinks: ${uplink.name} is a port of ${master?.name ?? `interface ${uplink.master}`} already: free it`,
    hint: `use ${master?.name ?? 'that one'} as uplink, or free it: ip link set dev ${uplink.name} nomaster`,
    see: seeLink(uplink.name),
    errno: 'EBUSY',
  })
}

function hasAddresses(uplink: Link, addresses: LinkAddress[], bridge: Link): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `uplinks: ${uplink.name} has addresses (${addresses.map(formatCidr).join(', ')}), which stop working on a port of a bridge: move them`,
    hint: `set "moveAddresses": true to move them and their routes to ${bridge.name}, or take them away first: ip address flush dev ${uplink.name}`,
    see: `ip address show dev ${uplink.name}`,
  })
}
