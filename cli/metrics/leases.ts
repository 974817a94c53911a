/** Metrics of DHCP: how many leases there are, when the first one ends, and whether they are renewed. */

import { dhcpRuns } from '../../shared/ipam/dhcp/renewer.ts'
import { allLeases, firstToEnd } from '../host/leases.ts'
import { counted, gauge, type Metric } from './metric.ts'

/** None where there are no leases. @throws KernelError */
export function leaseMetrics(): Metric[] {
  const leases = allLeases()
  if (leases.length === 0) return []
  const expire = firstToEnd(leases)?.expire
  return [
    gauge(
      'dhcp_leases',
      'Leases of DHCP that containers of this host have.',
      counted(leases.map(({ entry: { network } }) => ({ network }))),
    ),
    gauge('dhcp_renewer_up', 'Whether patchbay dhcp runs, which renews leases.', [
      { labels: {}, value: dhcpRuns() ? 1 : 0 },
    ]),
    gauge(
      'dhcp_first_expiry_seconds',
      'Seconds until the first lease of DHCP ends; negative: it has ended.',
      expire === undefined ? [] : [{ labels: {}, value: expire }],
    ),
  ]
}
