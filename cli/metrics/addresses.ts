/** Metrics of addresses: how many a range can give, has given and has left; how many no living container has, and how many two have. */

import { timeOf } from '../../shared/ipam/host-local/records.ts'
import { includes } from '../../shared/ipam/range.ts'
import { wallClock } from '../../shared/kernel/clock.ts'
import type { Host } from '../host/look.ts'
import { duplicates } from './duplicates.ts'
import { gauge, type Metric, type Sample } from './metric.ts'
import { rangesOf } from './ranges.ts'
import type { Store } from './stores.ts'

export function rangeMetrics({ configurations }: Host, stores: readonly Store[]): Metric[] {
  const rows = rangesOf(configurations).map(({ network, directory, name, range, total }) => {
    const store = stores.find((one) => one.directory === directory)
    const within = (list: Store['held'] = []) => list.filter(({ address }) => includes(range, address)).length
    const [used, kept] = [within(store?.held), within(store?.kept)]
    return { labels: { network, range: name }, total, used, kept, free: Math.max(0, total - used - kept) }
  })
  const samples = (key: 'total' | 'used' | 'kept' | 'free'): Sample[] =>
    rows.map((row) => ({ labels: row.labels, value: row[key] }))
  return [
    gauge('range_addresses', 'Addresses that a range can give.', samples('total')),
    gauge('range_addresses_used', 'Addresses of a range that containers hold.', samples('used')),
    gauge(
      'range_addresses_kept',
      'Addresses of a range that are kept for the next container of a pod.',
      samples('kept'),
    ),
    gauge('range_addresses_free', 'Addresses of a range that are left.', samples('free')),
  ]
}

export function networkMetrics(host: Host, stores: readonly Store[]): Metric[] {
  const ended = new Set(host.containers.filter(({ life }) => life === 'ended').map(({ id }) => id))
  const networks = [...Map.groupBy(stores, ({ network }) => network)]
  const isLeaked = ({ containerID }: { containerID: string }) => ended.has(containerID)
  const samples = (numberOf: (stores: Store[]) => number): Sample[] =>
    networks.map(([network, own]) => ({ labels: { network }, value: numberOf(own) }))
  return [
    gauge(
      'network_addresses_held',
      'Addresses that containers hold.',
      samples(sum(({ held }) => held.length)),
    ),
    gauge(
      'network_addresses_leaked',
      'Addresses that containers hold which have ended: patchbay gc frees them.',
      samples(sum(({ held }) => held.filter(isLeaked).length)),
    ),
    gauge(
      'network_addresses_duplicate',
      'Addresses that several attachments of a network have, by the store and the caches of runtimes.',
      [...duplicates(host, stores)].map(([network, value]) => ({ labels: { network }, value })),
    ),
    gauge(
      'network_oldest_address_seconds',
      'Seconds since the oldest address that is held was given.',
      networks.flatMap(([network, own]) => oldest(own).map((value) => ({ labels: { network }, value }))),
    ),
  ]
}

function sum(numberOf: (store: Store) => number): (stores: readonly Store[]) => number {
  return (stores) => stores.reduce((total, one) => total + numberOf(one), 0)
}

/** The age of the oldest reservation, seconds; none when none is held. */
function oldest(stores: readonly Store[]): number[] {
  const times = stores.flatMap(({ directory, held }) => held.map((one) => timeOf(directory, one)))
  const written = times.filter((time) => time !== '').map((time) => Number(BigInt(time) / 1_000_000n))
  if (written.length === 0) return []
  const first = written.reduce((one, other) => Math.min(one, other))
  return [Math.max(0, Number(wallClock() / 1_000_000n) - first) / 1000]
}
