/** The bridge as the containers' gateway: its addresses in their subnets, and forwarding. */

import { cidrs } from '../../shared/attachment/configure.ts'
import type { Life } from '../../shared/attachment/device.ts'
import { enableIPv6 } from '../../shared/attachment/ipv6.ts'
import { type Undo, undoable } from '../../shared/attachment/undo.ts'
import type { Interface, Ip, Result, Route } from '../../shared/cni/result.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { enableForwarding } from '../../shared/host/forwarding.ts'
import { formatAddress, nextHop, parseAddress, width } from '../../shared/ip/address.ts'
import {
  type Cidr,
  contains,
  formatCidr,
  networkOf,
  parseCidr,
  plus,
  sameCidr,
} from '../../shared/ip/subnet.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { listAddresses, newAddress, removeAddress } from '../../shared/netlink/address.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { removeNeighbour } from '../../shared/netlink/neighbour.ts'
import { ask, type Socket } from '../../shared/netlink/socket.ts'
import { withLinkLock } from '../../shared/state/lock.ts'
import { undoUnlessShared } from './bridge.ts'
import { type BridgeConfig, isGateway } from './config.ts'
import { ensureVlanGateway } from './vlan-gateway.ts'

/** Completes IPAM's result: a gateway for each address, and with isDefaultGateway the missing default routes. */
export function completeLease(lease: Result, config: BridgeConfig): Result {
  const ips = lease.ips.map((ip) => ({
    ...ip,
    gateway: ip.gateway ?? (isGateway(config) ? firstAddress(ip) : undefined),
  }))
  if (!config.isDefaultGateway) return { ...lease, ips }
  const routes = [...lease.routes]
  for (const [family, dst] of [
    [4, '0.0.0.0/0'],
    [6, '::/0'],
  ] as const) {
    const gw = ips.find(({ gateway }) => gateway && parseAddress(gateway)?.family === family)?.gateway
    if (gw && !routes.some((route) => isDefault(route, family))) routes.push({ dst, gw })
  }
  return { ...lease, ips, routes }
}

/** Whether a route is a default route of the main table. */
function isDefault({ dst, table }: Route, family: 4 | 6): boolean {
  const cidr = parseCidr(dst)
  return cidr?.prefix === 0 && cidr.address.family === family && !table
}

/** The subnet's first address, the usual gateway; none for a subnet of one or two addresses. */
function firstAddress({ address }: Ip): string | undefined {
  const cidr = parseCidr(address)
  if (!cidr || width(cidr.address.family) - cidr.prefix < 2) return undefined
  return formatAddress(plus(networkOf(cidr), 1n))
}

/** The gateway addresses of a result, with their subnets' prefixes. */
export function gateways(ips: Ip[]): Cidr[] {
  return ips.flatMap(({ address, gateway }) => {
    const cidr = parseCidr(address)
    const host = gateway ? nextHop(parseAddress(gateway)) : undefined
    return cidr && host ? [{ address: host, prefix: cidr.prefix }] : []
  })
}

/** Gives the bridge, or the interface of the network's VLAN, its address in each subnet. @returns further interfaces */
export function connectGateway(life: Life<BridgeConfig>, bridge: Link, port: Link, ips: Ip[]): Interface[] {
  const { host, request, undo } = life
  if (!isGateway(request.config)) return []
  const { vlan } = request.config
  for (const { address, gateway } of ips)
    if (!gateway)
      request.log.warn(`${address} has no gateway: its subnet has no address for one, so name one in ipam`)
  const unlessShared = undoUnlessShared(undo, host, bridge, port.name)
  return withLinkLock(bridge.name, () => {
    const gateway = vlan
      ? ensureVlanGateway({ host, undo: unlessShared, log: request.log }, bridge, vlan)
      : bridge
    if (gateways(ips).some(({ address }) => address.family === 6)) enableIPv6(gateway.name)
    for (const cidr of gateways(ips)) ensureAddress(host, gateway, cidr, request.config, unlessShared)
    removeOldNeighbours(host, gateway, ips)
    return vlan ? [{ name: gateway.name, mac: gateway.mac }] : []
  })
}

/** Removes the host's neighbour entries of these addresses: they may hold the MAC addresses of former containers. */
function removeOldNeighbours(host: Socket, gateway: Link, ips: Ip[]): void {
  for (const { address } of cidrs(ips))
    tolerate(() => ask(host, removeNeighbour(gateway, address)), 'ENOENT', 'ENODEV')
}

function ensureAddress(
  host: Socket,
  link: Link,
  wanted: Cidr,
  { forceAddress }: BridgeConfig,
  undo: Undo,
): void {
  const present = listAddresses(host, link)
  if (present.some((cidr) => sameCidr(cidr, wanted))) return
  for (const other of present.filter((cidr) => conflicts(cidr, wanted))) {
    if (!forceAddress) throw conflict(link, other, wanted)
    undoable(
      undo,
      () => ask(host, removeAddress(link, other)),
      () => ask(host, newAddress(link, other, { nodad: true })),
    )
  }
  const add = () =>
    undoable(
      undo,
      () => ask(host, newAddress(link, wanted, { nodad: true })),
      () => ask(host, removeAddress(link, wanted)),
    )
  tolerate(add, 'EEXIST')
}

/** IPv4: any other address, as in the reference, where a bridge has one. IPv6: an address in an overlapping subnet. */
function conflicts(present: Cidr, wanted: Cidr): boolean {
  if (present.address.family !== wanted.address.family) return false
  if (wanted.address.family === 4) return true
  return contains(present, wanted.address) || contains(wanted, present.address)
}

function conflict(link: Link, present: Cidr, wanted: Cidr): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `"${link.name}" already has an IP address different from ${formatCidr(wanted)}: ${formatCidr(present)}`,
    hint: 'give the network the subnet and gateway of the bridge, name another bridge, or set "forceAddress": true to replace the address',
    see: `ip address show dev ${link.name}`,
  })
}

/** Switches forwarding on for the families that have a gateway on the bridge. */
export function forward({ undo, request }: Life<BridgeConfig>, { ips }: Result): void {
  if (!isGateway(request.config)) return
  enableForwarding(
    undo,
    gateways(ips).map(({ address }) => address.family),
  )
}
