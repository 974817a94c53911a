/** What the containers' addresses can do in a mode, and what they cannot. */

import type { Life, Made } from '../../shared/attachment/device.ts'
import { CniError, Code, type Complaint } from '../../shared/cni/error.ts'
import type { Log } from '../../shared/cni/log.ts'
import type { Result } from '../../shared/cni/result.ts'
import { type Address, formatAddress, parseAddress, sameAddress } from '../../shared/ip/address.ts'
import { type Cidr, contains, formatCidr, parseCidr } from '../../shared/ip/subnet.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { given } from './chain.ts'
import { type IpvlanConfig, isRouted } from './keys.ts'

/** Addresses and routes, as results have them. */
export type Lease = Pick<Result, 'ips' | 'routes'>

/** The parent, and the addresses it has for itself. */
export interface Parent extends Made {
  link: Link
  addresses: Cidr[]
}

/** IPAM's configuration in the words of host-local and static; another's is judged by what it gives. */
interface Written {
  subnet?: string
  gateway?: string
  ranges?: { subnet?: string; gateway?: string }[][]
  addresses?: { address?: string; gateway?: string }[]
  routes?: Result['routes']
}

/** The subnets and addresses that a configuration will lead to, as far as it says so itself. */
export function written({ ipam = {} }: IpvlanConfig): Lease {
  const { subnet, gateway, ranges, addresses, routes } = ipam as Written
  const single = [{ address: subnet, gateway }]
  const ranged = list(ranges)
    .flatMap(list)
    .map(({ subnet, gateway }) => ({ address: subnet, gateway }))
  const ips = [...single, ...ranged, ...list(addresses)].flatMap(({ address, gateway }) =>
    address ? [{ address, gateway }] : [],
  )
  return { ips, routes: list(routes) }
}

/** Another's IPAM may mean something else by the same key. */
function list<T>(value: T[] | undefined): T[] {
  return Array.isArray(value) ? value : []
}

/** Refuses what cannot work in a mode. @throws CniError of code 7 that says why */
export function judge(lease: Lease, config: IpvlanConfig, parent: Parent): void {
  const complaint = stolen(lease, parent) ?? (isRouted(config) ? unroutable(lease, config) : offLink(lease))
  if (complaint) throw new CniError(Code.InvalidNetworkConfig, complaint)
}

/** The kernel gives all that arrives for an address to the container that has it. */
function stolen({ ips }: Lease, { link, addresses }: Parent): Complaint | undefined {
  const address = hostParts(ips).find((one) => addresses.some((own) => sameAddress(own.address, one)))
  if (!address) return undefined
  return {
    msg: `${formatAddress(address)} is an address of the parent ${link.name}: a container with it would cut the host off, so leave it out of the range`,
    hint: "leave the host's addresses out of the range: rangeStart and rangeEnd, or another subnet",
    see: `ip address show dev ${link.name}`,
  }
}

function hostParts(ips: Lease['ips']): Address[] {
  return ips.flatMap(({ address }) => parseCidr(address)?.address ?? [])
}

const linkLocal = parseCidr('fe80::/10') as Cidr

/** What a router does not pass on (RFC 4291 section 2.5.6). */
function unroutable({ ips }: Lease, { mode }: IpvlanConfig): Complaint | undefined {
  const address = hostParts(ips).find((one) => contains(linkLocal, one))
  if (!address) return undefined
  return {
    msg: `${formatAddress(address)} is link-local, and mode ${mode} routes: nobody would reach it`,
    hint: 'take a subnet that is routed, or "mode": "l2"',
  }
}

/** A gateway is asked for its MAC address, so it must be on the link: in a subnet of the container, or with a route of its own. */
function offLink({ ips, routes }: Lease): Complaint | undefined {
  const ways = [
    ...ips.map(({ address }) => address),
    ...routes.filter(({ scope }) => scope).map(({ dst }) => dst),
  ]
  const subnets = [...ways.flatMap((way) => parseCidr(way) ?? []), linkLocal]
  const isOff = (gateway: Address) => !subnets.some((subnet) => contains(subnet, gateway))
  const gateway = usedGateways({ ips, routes }).find(isOff)
  if (!gateway) return undefined
  return {
    msg: `the gateway ${formatAddress(gateway)} is in no subnet of the containers: in mode l2 it could not be asked for its MAC address`,
    hint: 'name a gateway within the subnet, or take "mode": "l3", which needs none',
  }
}

/** The gateways that routes lead to; one without a gateway of its own takes those of its family. */
function usedGateways({ ips, routes }: Lease): Address[] {
  const own = routes.flatMap(({ gw }) => (gw ? (parseAddress(gw) ?? []) : []))
  const plain = routes.filter(({ gw, scope }) => !gw && !scope)
  const families = new Set(plain.map(({ dst }) => parseCidr(dst)?.address.family))
  const shared = ips.flatMap(({ gateway }) => (gateway ? (parseAddress(gateway) ?? []) : []))
  return [...own, ...shared.filter(({ family }) => families.has(family))]
}

/** Completes the addresses of IPAM, or of the plugin before. @throws CniError when they cannot work in the mode */
export function complete(ipam: Result, { request }: Life<IpvlanConfig>, parent: Parent): Result {
  const { config, log } = request
  const lease = config.ipam?.type ? ipam : (given(request) ?? ipam)
  judge(lease, config, parent)
  warnOfSilence(lease, config, parent, log)
  return fitting(lease, config)
}

/** The lease as the mode needs it: the L3 modes route by the device alone, for the parent's host knows the next hop. */
function fitting(lease: Result, config: IpvlanConfig): Result {
  if (!isRouted(config)) return lease
  return {
    ...lease,
    ips: lease.ips.map(({ gateway: _, ...ip }) => ip),
    routes: lease.routes.map(({ gw: _, ...route }) => route),
  }
}

/** The L3 modes answer no ARP. That works where the network itself knows who has an address, as clouds do. */
function warnOfSilence({ ips }: Lease, config: IpvlanConfig, parent: Parent, log: Log): void {
  if (!isRouted(config)) return
  const shared = parent.addresses.find((own) => hostParts(ips).some((address) => contains(own, address)))
  if (!shared) return
  log.warn(
    `the containers are in ${formatCidr(shared)}, the subnet of ${parent.link.name}, but mode ${config.mode} answers no ARP: ` +
      'its neighbours reach them only if the network knows by itself where they are; else take mode l2 or another subnet',
  )
}
