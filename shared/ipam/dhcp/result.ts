/** What leases are as a CNI result. */

import type { Result } from '../../cni/result.ts'
import type { Lease4, Lease6 } from '../../dhcp/lease.ts'
import type { Entry, EntryResult } from './journal.ts'

/** Says in a result that a destination is on the link: a route without next hop would get that of the address. */
const onLink = '0.0.0.0'

/** What an entry has that results are made of. */
type Given = Pick<Entry, 'lease4' | 'lease6' | 'ipv6' | 'priority'>

/** All that servers and routers gave. @param automatic CIDRs that the kernel has made from a router's prefixes */
export function resultOf(given: Given, automatic: readonly string[] = []): EntryResult {
  const { lease4, lease6, ipv6, priority } = given
  const own4 = lease4 && resultOf4(lease4, priority)
  const addresses = [...automatic, ...(lease6 ? cidrsOf(lease6) : [])]
  return {
    ips: [...(own4?.ips ?? []), ...addresses.map((address) => ({ address, ...gatewayIn(ipv6) }))],
    routes: [...(own4?.routes ?? []), ...defaultRoute(ipv6)],
    dns: dnsOf(given),
  }
}

/** A lease of IPv4. Every route names its next hop. @param priority metric of the routes */
export function resultOf4({ address, gateway, routes, dns }: Lease4, priority?: number): EntryResult {
  return {
    ips: [{ address, ...(gateway !== undefined && { gateway }) }],
    routes: routes.map(({ dst, gw = onLink }) => ({ dst, gw, ...(priority !== undefined && { priority }) })),
    dns,
  }
}

/** Each address for itself: which addresses are on the link is for a router to say (RFC 8415 section 18.2.10.1, RFC 5942 section 4). */
export function cidrsOf({ addresses }: Pick<Lease6, 'addresses'>): string[] {
  return addresses.map((address) => `${address}/128`)
}

export function gatewayIn(ipv6: Entry['ipv6']): { gateway?: string } {
  return ipv6?.gateway === undefined ? {} : { gateway: ipv6.gateway }
}

function defaultRoute(ipv6: Entry['ipv6']): EntryResult['routes'] {
  const { gateway, priority } = ipv6 ?? {}
  return gateway === undefined
    ? []
    : [{ dst: '::/0', gw: gateway, ...(priority !== undefined && { priority }) }]
}

/** The name servers of DHCP, of DHCPv6 and of routers, in this order; of domains those of the first that has some. */
export function dnsOf({ lease4, lease6, ipv6 }: Given): EntryResult['dns'] {
  const all = [lease4?.dns, lease6?.dns, ipv6?.dns]
  const nameservers = [...new Set(all.flatMap((dns) => dns?.nameservers ?? []))]
  return { ...ipv6?.dns, ...lease6?.dns, ...lease4?.dns, ...(nameservers.length > 0 && { nameservers }) }
}

/** The answer of ADD. */
export function answerOf({ ips, routes, dns }: EntryResult): Result {
  return { interfaces: [], ips, routes, dns }
}
