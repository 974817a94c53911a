/** What the pool part has done, and what its networks hold, as metrics. */

import type { Family } from '../../../shared/ip/address.ts'
import { gauge, type Metric, type Sample } from '../../metrics/metric.ts'
import { counter } from '../metrics.ts'
import type { Fullness } from './fills.ts'

const kinds = {
  claims: ['pool_claims', 'Blocks that the agent has claimed.'],
  returns: ['pool_returns', 'Blocks and single addresses that the agent has given back.'],
  failures: ['pool_failures', 'Claims and returns that failed.'],
  grants: ['pool_grants', 'Addresses of this host that it has granted to others.'],
  takenBack: ['pool_grants_ended', 'Of these, addresses that are free again.'],
} as const

export type Kind = keyof typeof kinds

export interface Counters {
  /** @param network or pool: whatever the kind counts by */
  add(kind: Kind, name: string, by?: number): void
  metrics(): Metric[]
}

export function countersOf(): Counters {
  const counts = new Map<Kind, Map<string, number>>()
  return {
    add(kind, name, by = 1) {
      const of = counts.get(kind) ?? new Map<string, number>()
      counts.set(kind, of.set(name, (of.get(name) ?? 0) + by))
    },
    metrics: () =>
      (Object.keys(kinds) as Kind[]).map((kind) => {
        const [name, help] = kinds[kind]
        const label = kind === 'grants' || kind === 'takenBack' ? 'pool' : 'network'
        const samples = [...(counts.get(kind) ?? [])].map(([of, value]) => ({
          labels: { [label]: of },
          value,
        }))
        return counter(name, help, samples)
      }),
  }
}

/** Blocks by state, and how full the held ones are. */
export function metricsOf(all: readonly Fullness[]): Metric[] {
  const blocks = all.flatMap(({ holdings }) => ofStates(holdings.blocks, holdings))
  const singles = all.flatMap(({ holdings }) => ofStates(holdings.singles, holdings))
  const of = (value: (one: { size: number; used: number }) => number): Sample[] =>
    all.flatMap(({ holdings: { network, pool }, fills }) =>
      [...fills].map(([family, own]) => ({
        labels: { network, pool, family: nameOf(family) },
        value: own.reduce((sum, one) => sum + value(one), 0),
      })),
    )
  return [
    gauge(
      'pool_blocks',
      'Blocks of this host: held, claiming, leaving, or disputed with another host.',
      blocks,
    ),
    gauge('pool_singles', "Addresses in other hosts' blocks that this host has or asks for.", singles),
    gauge(
      'pool_addresses',
      'Addresses that the held blocks can give.',
      of(({ size }) => size),
    ),
    gauge(
      'pool_addresses_used',
      'Of these, those that are taken.',
      of(({ used }) => used),
    ),
  ]
}

const nameOf = (family: Family) => `ipv${family}`

const states = ['held', 'claiming', 'leaving', 'disputed'] as const

function ofStates(
  some: readonly { state: string }[],
  { network, pool }: Record<'network' | 'pool', string>,
): Sample[] {
  return states.map((state) => ({
    labels: { network, pool, state },
    value: some.filter((one) => one.state === state).length,
  }))
}
