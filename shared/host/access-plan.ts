/** The routes and neighbours by which a host and a container reach each other through the host's shim. */

import { type Address, width } from '../ip/address.ts'
import { type Cidr, contains } from '../ip/subnet.ts'
import type { Link } from '../netlink/link.ts'
import type { RouteSpec } from '../netlink/route.ts'

/** One side's interface, and its routes and neighbours for the other side. */
export interface Half {
  link: Link
  routes: RouteSpec[]
  neighbours: { address: Address; mac: string }[]
}

export interface Ends {
  /** The host's interface and the container's. */
  shim: Link
  link: Link
  /** The container's addresses, with their subnets. */
  containers: Cidr[]
  /** One address of the host for each family that the container has, if the host has one. */
  hosts: Address[]
  /** Whether the kind of interface has neighbour entries: one without ARP has none. */
  neighbours: boolean
}

export interface Plan {
  onHost: Half
  inContainer: Half
}

/**
 * The host gets a route to each address of the container. The container gets a route to each address of the host that is
 * not in one of its subnets.
 */
export function planHostAccess({ shim, link, containers, hosts, neighbours }: Ends): Plan {
  const reachable = containers.filter(({ address }) => hosts.some(({ family }) => family === address.family))
  const beyond = hosts.filter((host) => !containers.some((subnet) => contains(subnet, host)))
  const known = (addresses: Address[], { mac }: Link) =>
    neighbours ? addresses.map((address) => ({ address, mac })) : []
  const addresses = reachable.map(({ address }) => address)
  return {
    onHost: {
      link: shim,
      routes: addresses.map((address) => hostRoute(address, hosts, shim, link)),
      neighbours: known(addresses, link),
    },
    inContainer: {
      link,
      routes: beyond.map((host) => routeTo(host, link)),
      neighbours: known(hosts, shim),
    },
  }
}

/** `ip route add ADDRESS dev SHIM src HOST`, with the container's MTU if it is smaller: no router between them would report it. */
function hostRoute(address: Address, hosts: Address[], shim: Link, link: Link): RouteSpec {
  const source = hosts.find(({ family }) => family === address.family)
  return { ...routeTo(address, shim), source, mtu: link.mtu < shim.mtu ? link.mtu : undefined }
}

/** `ip route add ADDRESS dev LINK` */
export function routeTo(address: Address, { index, name }: Pick<Link, 'index' | 'name'>): RouteSpec {
  return { dst: { address, prefix: width(address.family) }, link: index, linkName: name }
}
