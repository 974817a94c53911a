/** What leases are as a CNI result. */

import type { Result } from '../../cni/result.ts'
import type { Lease4 } from '../../dhcp/lease.ts'
import type { EntryResult } from './journal.ts'

/** Says in a result that a destination is on the link: a route without next hop would get that of the address. */
const onLink = '0.0.0.0'

/** A lease of IPv4. Every route names its next hop. @param priority metric of the routes */
export function resultOf4({ address, gateway, routes, dns }: Lease4, priority?: number): EntryResult {
  return {
    ips: [{ address, ...(gateway !== undefined && { gateway }) }],
    routes: routes.map(({ dst, gw = onLink }) => ({ dst, gw, ...(priority !== undefined && { priority }) })),
    dns,
  }
}

/** The answer of ADD. */
export function answerOf({ ips, routes, dns }: EntryResult): Result {
  return { interfaces: [], ips, routes, dns }
}
