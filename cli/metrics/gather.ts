/** All metrics of this host. What cannot be read is left out, and counted. */

import { journalDirectory } from '../../shared/ipam/dhcp/journal.ts'
import { now } from '../../shared/kernel/clock.ts'
import { stateDirectory } from '../../shared/kernel/state-directory.ts'
import { version } from '../../shared/version.ts'
import { rangesOf } from '../addresses/ranges.ts'
import { storesOf } from '../addresses/stores.ts'
import { viewHost } from '../host/attachment-view.ts'
import { requireHostNetwork } from '../host/host-network.ts'
import { type LeftOut, trying } from '../host/left-out.ts'
import { networkMetrics, rangeMetrics } from './addresses.ts'
import { firewallMetrics } from './firewall.ts'
import { leaseMetrics } from './leases.ts'
import { gauge, type Metric } from './metric.ts'
import { callMetrics, damagedMetrics, gcMetrics } from './records.ts'

/** @param leftOut is told of what cannot be read @throws KernelError */
export function gather(leftOut: LeftOut): Metric[] {
  const begun = now()
  let missing = 0
  const noted: LeftOut = (what, why) => {
    missing++
    leftOut(what, why)
  }
  trying('life of containers', requireHere, noted)
  const view = viewHost(noted)
  const stores = storesOf(view, noted)
  const ranges = rangesOf(view.host.configurations, noted)
  const metrics = [
    gauge('build_info', 'The version of patchbay.', [{ labels: { version }, value: 1 }]),
    ...rangeMetrics(ranges, stores),
    ...networkMetrics(view, ranges, stores),
    ...trying('nftables', firewallMetrics, noted),
    ...trying(stateDirectory, damagedMetrics, noted),
    ...trying(journalDirectory, leaseMetrics, noted),
    ...trying('/run/patchbay/calls', callMetrics, noted),
    ...trying('/run/patchbay/gc.json', gcMetrics, noted),
  ]
  return [
    ...metrics,
    gauge('metrics_left_out', 'What could not be read for these metrics.', [{ labels: {}, value: missing }]),
    gauge('metrics_duration_seconds', 'How long it took to read these metrics.', [
      { labels: {}, value: (now() - begun) / 1000 },
    ]),
  ]
}

/** Elsewhere a container that lives may seem to have ended. */
function requireHere(): never[] {
  requireHostNetwork()
  return []
}
