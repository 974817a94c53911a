/** Metrics of addresses: how many a range can give, has given and has left; how many no living container has, and how many several have. */

import { isOfContainer } from '../../shared/ipam/host-local/holder-kind.ts'
import { rangeOf } from '../../shared/ipam/range.ts'
import { claimsInFiles } from '../addresses/evidence.ts'
import { findingsOf } from '../addresses/findings.ts'
import { fullnessOf } from '../addresses/fullness.ts'
import type { NetworkRange } from '../addresses/ranges.ts'
import type { Holder, Store } from '../addresses/stores.ts'
import { ageOf } from '../form/age.ts'
import type { HostView } from '../host/attachment-view.ts'
import { counted, gauge, type Metric, type Sample } from './metric.ts'

export function rangeMetrics(ranges: readonly NetworkRange[], stores: readonly Store[]): Metric[] {
  const rows = ranges.map((one) => {
    const { network, range, pool, size, used, free } = fullnessOf(one, stores)
    const kept = keptIn(one, stores)
    return {
      labels: { network, range: pool === undefined ? range : nameOf(one) },
      size,
      used: used - kept,
      kept,
      free,
    }
  })
  const samples = (key: 'size' | 'used' | 'kept' | 'free'): Sample[] =>
    rows.map((row) => ({ labels: row.labels, value: row[key] }))
  return [
    gauge('range_addresses', 'Addresses that a range can give.', samples('size')),
    gauge('range_addresses_used', 'Addresses of a range that containers hold.', samples('used')),
    gauge(
      'range_addresses_kept',
      'Addresses of a range that are kept for the next container of a pod.',
      samples('kept'),
    ),
    gauge('range_addresses_free', 'Addresses of a range that are left.', samples('free')),
  ]
}

/** The blocks of a pool change: `blue IPv4`. */
function nameOf({ pool, set }: NetworkRange): string {
  return `${pool} IPv${set[0]?.start.family}`
}

function keptIn({ directory, set }: NetworkRange, stores: readonly Store[]): number {
  const own = stores.filter((store) => store.directory === directory).flatMap(({ holders }) => holders)
  return own.filter(({ address, parked }) => parked !== undefined && rangeOf(set, address)).length
}

export function networkMetrics(
  view: HostView,
  ranges: readonly NetworkRange[],
  stores: readonly Store[],
): Metric[] {
  const byNetwork = Map.groupBy(stores, ({ network }) => network)
  const networks = new Map([...byNetwork].map(([network, own]) => [network, own.flatMap(heldIn)]))
  const of = (numberOf: (held: readonly Holder[], network: string) => number | undefined): Sample[] =>
    [...networks].flatMap(([network, held]) => {
      const value = numberOf(held, network)
      return value === undefined ? [] : [{ labels: { network }, value }]
    })
  const twice = duplicates(view, ranges, stores)
  return [
    gauge(
      'attachments',
      'Attachments whose container lives, has ended, or of which that is unknown.',
      counted(view.attachments.map(({ network, life }) => ({ network, life }))),
    ),
    gauge(
      'network_addresses_held',
      'Addresses that containers hold.',
      of((held) => held.length),
    ),
    gauge(
      'network_addresses_leaked',
      'Addresses that containers hold which have ended: patchbay gc frees them.',
      of((held) => held.filter(({ life }) => life === 'ended').length),
    ),
    gauge(
      'network_addresses_duplicate',
      'Addresses that several containers have, by host-local and the caches of runtimes.',
      of((_, network) => twice.get(network) ?? 0),
    ),
    gauge(
      'network_oldest_address_seconds',
      'Seconds since the oldest address that is held was given.',
      of(oldest),
    ),
  ]
}

/** Those that wait for a container, and those that are lent, are held by none. */
const heldIn = ({ holders }: Store) => holders.filter(isOfContainer)

function duplicates(
  view: HostView,
  ranges: readonly NetworkRange[],
  stores: readonly Store[],
): Map<string, number> {
  const found = findingsOf(stores, ranges, claimsInFiles(view, stores)).filter(
    ({ kind }) => kind === 'duplicate',
  )
  const networks = found.map((one) => (one.kind === 'leaked' ? one.holder.network : one.network))
  return new Map(
    [...Map.groupBy(networks, (network) => network)].map(([network, all]) => [network, all.length]),
  )
}

/** The age of the oldest one, seconds. */
function oldest(held: readonly Holder[]): number | undefined {
  const times = held.flatMap(({ written }) => (written === '' ? [] : BigInt(written)))
  if (times.length === 0) return undefined
  return ageOf(times.reduce((one, other) => (one < other ? one : other)))
}
