/** Addresses of a podman network: podman allocates from its subnets and hands them over, or an IPAM plugin of ours allocates. */

import { CniError, Code } from '../shared/error/error.ts'
import { parseAddress } from '../shared/ip/address.ts'
import { contains, parseCidr } from '../shared/ip/subnet.ts'
import { isOwnIpam } from '../shared/ipam/ipam.ts'
import type { Network, Subnet } from './input.ts'

/** The `ipam` section of a configuration; undefined for a network without addresses. @param ips the addresses that podman gives */
export function ipamOf(network: Network, option: unknown, ips: readonly string[]): unknown {
  const [own, subnets] = [allocatorOf(network, option), network.subnets ?? []]
  if (own !== undefined || subnets.length === 0) return own
  return {
    type: 'static',
    addresses: ips.map((ip) => addressIn(subnets, ip)),
    routes: routesOf(network, subnets, ips),
  }
}

/** The section of an IPAM plugin of ours, which allocates in podman's place: of option `ipam`, or of `--ipam-driver dhcp`. */
export function allocatorOf({ ipam_options }: Network, option: unknown): unknown {
  return option ?? (ipam_options?.driver === 'dhcp' ? { type: 'dhcp' } : undefined)
}

/** @throws CniError of code 7 for two allocators, and routes that are none of a container's */
export function validateAddresses(
  { ipam_options = {}, subnets = [], routes = [] }: Network,
  own: unknown,
): void {
  const { type } = (own ?? {}) as { type?: unknown }
  if (ipam_options.driver === 'dhcp') refuseBesideDhcp(type, subnets)
  if (own !== undefined && subnets.length > 0)
    throw refusal('option ipam and --subnet both give addresses', 'leave one of the two out')
  if (typeof type === 'string' && !isOwnIpam(type))
    throw refusal(
      `there is no IPAM plugin ${JSON.stringify(type.slice(0, 60))}`,
      'option ipam takes host-local, dhcp, ipam-list, pool or static',
    )
  const special = routes.find(({ route_type = 'unicast' }) => route_type !== 'unicast')
  if (special)
    throw refusal(
      `the route to ${special.destination} is ${special.route_type}`,
      'write routes as --route DESTINATION,GATEWAY',
    )
}

/** @throws CniError of code 7 */
function refuseBesideDhcp(type: unknown, subnets: readonly Subnet[]): void {
  if (subnets.length > 0)
    throw refusal('--ipam-driver dhcp and --subnet both give addresses', 'leave one of the two out')
  if (type !== undefined && type !== 'dhcp')
    throw refusal('--ipam-driver dhcp and option ipam both give addresses', 'leave one of the two out')
}

function addressIn(subnets: readonly Subnet[], ip: string): { address: string; gateway?: string } {
  const address = parseAddress(ip)
  const home = subnets.find(({ subnet }) => {
    const range = parseCidr(subnet)
    return address && range && contains(range, address)
  })
  if (!home)
    throw refusal(
      `the address ${ip} is in none of the network's subnets`,
      'give one that is, by --ip or --ip6',
    )
  return { address: `${ip}/${home.subnet.replace(/.*\//, '')}`, gateway: home.gateway }
}

/**
 * A default route for each family that has a gateway and an address of the container, unless the network is internal, and the routes that the
 * network names.
 */
function routesOf(
  { internal, routes = [] }: Network,
  subnets: readonly Subnet[],
  ips: readonly string[],
): object[] {
  const gateways = internal ? [] : subnets.flatMap(({ gateway }) => gateway ?? [])
  const families = new Set(ips.map(defaultOf))
  const defaults = new Set(gateways.map(defaultOf).filter((dst) => families.has(dst)))
  return [
    ...[...defaults].map((dst) => ({ dst })),
    ...routes.map(({ destination, gateway, metric }) => ({
      dst: destination,
      gw: gateway,
      priority: metric,
    })),
  ]
}

function defaultOf(address: string): string {
  return address.includes(':') ? '::/0' : '0.0.0.0/0'
}

function refusal(msg: string, hint: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, { msg, hint })
}
