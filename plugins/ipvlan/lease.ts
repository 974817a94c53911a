/** Which addresses, gateways and routes work in which mode. */

import type { Life, Made } from '../../shared/attachment/device.ts'
import type { Result } from '../../shared/cni/result.ts'
import { CniError, Code, type Complaint } from '../../shared/error/error.ts'
import type { Log } from '../../shared/error/log.ts'
import { type Address, formatAddress, sameAddress } from '../../shared/ip/address.ts'
import { type Cidr, contains, formatCidr, linkLocal, parseCidr } from '../../shared/ip/subnet.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { previousLease } from './chain.ts'
import { type IpvlanConfig, isRouted } from './keys.ts'

/** The addresses and routes of a result. */
export type Lease = Pick<Result, 'ips' | 'routes'>

/** The parent and its own addresses. */
export interface Parent extends Made {
  link: Link
  addresses: Cidr[]
}

/** The `ipam` keys of host-local and static. The addresses of another IPAM plugin are validated when it has answered. */
interface IpamKeys {
  subnet?: string
  gateway?: string
  ranges?: { subnet?: string; gateway?: string }[][]
  addresses?: { address?: string; gateway?: string }[]
  routes?: Result['routes']
}

/** The subnets, addresses and routes that the configuration itself names, before IPAM answers. */
export function configuredLease({ ipam = {} }: IpvlanConfig): Lease {
  const { subnet, gateway, ranges, addresses, routes } = ipam as IpamKeys
  const single = [{ address: subnet, gateway }]
  const ranged = list(ranges)
    .flatMap(list)
    .map(({ subnet, gateway }) => ({ address: subnet, gateway }))
  const ips = [...single, ...ranged, ...list(addresses)].flatMap(({ address, gateway }) =>
    address ? [{ address, gateway }] : [],
  )
  return { ips, routes: list(routes) }
}

/** Another IPAM plugin may have a value of another type in the same key. */
function list<T>(value: T[] | undefined): T[] {
  return Array.isArray(value) ? value : []
}

/** @throws CniError of code 7 when a lease does not work in the mode */
export function validateLease(lease: Lease, config: IpvlanConfig, parent: Parent): void {
  const complaint = parentsOwn(lease, parent) ?? (isRouted(config) ? unroutable(lease, config) : undefined)
  if (complaint) throw new CniError(Code.InvalidNetworkConfig, complaint)
}

/** The kernel delivers all packets for an address to the container that has it. */
function parentsOwn({ ips }: Lease, { link, addresses }: Parent): Complaint | undefined {
  const address = hostParts(ips).find((one) => addresses.some((own) => sameAddress(own.address, one)))
  if (!address) return undefined
  return {
    msg: `${formatAddress(address)} is an address of the parent ${link.name}: leave it out of the range, or the host loses it`,
    hint: "exclude the host's addresses from the range: rangeStart and rangeEnd, or another subnet",
    see: `ip address show dev ${link.name}`,
  }
}

function hostParts(ips: Lease['ips']): Address[] {
  return ips.flatMap(({ address }) => parseCidr(address)?.address ?? [])
}

/** Routers do not forward packets of link-local addresses (RFC 4291 section 2.5.6). */
function unroutable({ ips }: Lease, { mode }: IpvlanConfig): Complaint | undefined {
  const address = hostParts(ips).find((one) => contains(linkLocal, one))
  if (!address) return undefined
  return {
    msg: `${formatAddress(address)} is link-local: it is unreachable in mode ${mode}, which routes`,
    hint: 'use a subnet that is routed, or "mode": "l2"',
  }
}

/** Adapts the addresses and routes of IPAM, or of prevResult, to the mode. @throws CniError when they do not work in it */
export function complete(ipam: Result, { request }: Life<IpvlanConfig>, parent: Parent): Result {
  const { config, log } = request
  const lease = config.ipam?.type ? ipam : (previousLease(request) ?? ipam)
  validateLease(lease, config, parent)
  warnWithoutArp(lease, config, parent, log)
  return adaptToMode(lease, config)
}

/** L3 modes route to the device without a gateway: the kernel of the parent looks up the next hop. */
function adaptToMode(lease: Result, config: IpvlanConfig): Result {
  if (!isRouted(config)) return lease
  return {
    ...lease,
    ips: lease.ips.map(({ gateway: _, ...ip }) => ip),
    routes: lease.routes.map(({ gw: _, ...route }) => route),
  }
}

/** L3 modes do not answer ARP; the network must route the address here. */
function warnWithoutArp({ ips }: Lease, config: IpvlanConfig, parent: Parent, log: Log): void {
  if (!isRouted(config)) return
  const shared = parent.addresses.find((own) => hostParts(ips).some((address) => contains(own, address)))
  if (!shared) return
  log.warn(
    `the containers are in ${formatCidr(shared)}, the subnet of ${parent.link.name}, but mode ${config.mode} does not answer ARP: ` +
      'machines in this subnet reach them only if the network routes their addresses to this host; else use mode l2 or another subnet',
  )
}
