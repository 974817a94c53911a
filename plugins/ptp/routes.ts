/**
 * The routes of both ends of a routed link. Neither end has a subnet route: the container reaches its gateway only, and the
 * host reaches the container's addresses only. So all traffic of the container goes through the host.
 */

import type { Ip, Result } from '../../shared/cni/result.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { type Address, nextHop, parseAddress, sameAddress, width } from '../../shared/ip/address.ts'
import { type Cidr, distinct, parseCidr, subnetOf } from '../../shared/ip/subnet.ts'
import type { LinkName } from '../../shared/netlink/link.ts'
import type { RouteSpec } from '../../shared/netlink/route.ts'

/** An address of the container, with its subnet's prefix, and the gateway's address, which the host's end has. */
interface Ends {
  cidr: Cidr
  /** None if the configuration says so: the host's end has no address then. */
  gateway?: Address
}

function endsOf(ips: Ip[]): Ends[] {
  return ips.flatMap(({ address, gateway = '' }) => {
    const [cidr, other] = [parseCidr(address), parseAddress(gateway)]
    return cidr && other ? [{ cidr, gateway: nextHop(other) }] : []
  })
}

/** @throws CniError when an address has no gateway, or is its own gateway */
export function requireGateways(lease: Result): Result {
  for (const ip of lease.ips) {
    const [ends] = endsOf([ip])
    if (ends && !(ends.gateway && sameAddress(ends.gateway, ends.cidr.address))) continue
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `ipam gives ${ip.address} ${ends ? 'and the same as gateway' : 'without a gateway'}, but ptp needs one: the host's end of the link`,
      hint: 'name another address as gateway in ipam, for example "gateway": "10.1.2.1"',
    })
  }
  return lease
}

/** The container's routes: `ip route add GATEWAY dev IFNAME src ADDRESS`, `ip route add SUBNET via GATEWAY src ADDRESS`. */
export function containerRoutes(ips: Ip[], link: LinkName): RouteSpec[] {
  const via = { link: link.index, linkName: link.name }
  const routes = endsOf(ips).flatMap(({ cidr, gateway }) => {
    const own = { ...via, source: cidr.address }
    const toGateway = gateway ? [{ ...own, dst: alone(gateway) }] : []
    return isAlone(cidr) ? toGateway : [...toGateway, { ...own, dst: subnetOf(cidr), gateway }]
  })
  // A second address in a subnet needs no further routes.
  return distinct(routes, ({ dst }) => dst)
}

/** The addresses of the host's end: `ip address add GATEWAY/32 dev VETH`. */
export function gatewayAddresses(ips: Ip[]): Cidr[] {
  const all = endsOf(ips).flatMap(({ gateway }) => (gateway ? [alone(gateway)] : []))
  return distinct(all, (cidr) => cidr)
}

/** The host's routes: `ip route add ADDRESS dev VETH`. */
export function hostRoutes(ips: Ip[], link: LinkName): RouteSpec[] {
  return endsOf(ips).map(({ cidr }) => ({
    dst: alone(cidr.address),
    link: link.index,
    linkName: link.name,
  }))
}

/** An address without a subnet: /32 or /128. */
function alone(address: Address): Cidr {
  return { address, prefix: width(address.family) }
}

function isAlone({ address, prefix }: Cidr): boolean {
  return prefix === width(address.family)
}
