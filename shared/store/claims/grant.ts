/** The owner's side of a wish for a single address. No lock of the host is needed: each step requires the keys as they were read. */

import type { Holdings } from '../memory.ts'
import { type Entry, type Protocol, type Reserving, read, release, reserve, transact } from '../protocol.ts'
import { epoch as epochSchema, type SingleValue } from '../values.ts'
import { isWithin } from './blocks.ts'
import { isRestored } from './epoch.ts'
import { type Host, memoryOf } from './host.ts'
import { addressOf, keyOf } from './notes.ts'
import { entriesBelow } from './pages.ts'
import { knownSingle } from './placed.ts'
import { type Known, known } from './value.ts'

/** Answers what other hosts ask of this host's blocks of a pool. Does nothing while hosts confirm what they hold. @returns how many were granted */
export function* grantSingles(host: Host, pool: string): Protocol<number> {
  let granted = 0
  for (const wish of yield* singlesOf(host, pool)) {
    const owned = wish.value.state === 'asked' ? ownedBlock(host, pool, wish.value.address) : undefined
    if (owned && (yield* answer(host, owned.holdings, owned.block, wish))) granted++
  }
  return granted
}

/** The wishes of a pool; none in an epoch in which this host has not confirmed, or that has ended by a restore. */
function* singlesOf(host: Host, pool: string): Protocol<Known<SingleValue>[]> {
  const entries = (yield* inOpenEpoch(host, pool)) ?? []
  return entries.flatMap((entry) => knownSingle(host, pool, entry) ?? [])
}

/** Undefined in a closed epoch: what the store lacks may still be another's. */
function* inOpenEpoch(host: Host, pool: string): Protocol<Entry[] | undefined> {
  const { keys, memory, report } = host
  const epoch = known(epochSchema, (yield* read({ from: keys.epoch })).entries[0], report)
  if (epoch?.value.state !== 'open' || memoryOf(memory, epoch.value.store)?.epoch !== epoch.value.id)
    return undefined
  const entries = yield* entriesBelow(keys.singles(pool))
  // Only a restore ends an epoch: without one it was open while these were read.
  return (yield* isRestored(host, epoch)) ? undefined : entries
}

interface Owned {
  holdings: Holdings
  block: Holdings['blocks'][number]
}

function ownedBlock({ holdings }: Host, pool: string, address: string): Owned | undefined {
  for (const one of holdings) {
    const block = one.blocks.find(({ block, state }) => state === 'held' && isWithin(block, address))
    if (block && one.pool === pool) return { holdings: one, block }
  }
  return undefined
}

/** @returns whether it was granted */
function* answer(
  host: Host,
  holdings: Holdings,
  block: Owned['block'],
  { key, value, modified }: Known<SingleValue>,
): Protocol<boolean> {
  const { dataDir, network } = holdings
  const reserving: Reserving = { dataDir, network, address: value.address, host: value.host }
  const { done, reason } = yield* reserve(reserving)
  const said: SingleValue = done ? { ...value, state: 'granted' } : { ...value, state: 'refused', reason }
  const { succeeded } = yield* transact({
    when: [
      { key, modified },
      { key: keyOf(host.keys, holdings, { block }), modified: block.modified },
    ],
    do: [{ put: { key, value: JSON.stringify(said) } }],
  })
  // Otherwise it stays reserved: the wish was withdrawn, or an earlier grant has arrived late. takeBack looks which.
  return done && succeeded
}

/**
 * Frees addresses that were granted to other hosts, and are not theirs any more.
 * @param reserved what is reserved for holders `pool:HOST` in this host's networks of the pool
 * @returns those that were freed
 */
export function* takeBack(host: Host, pool: string, reserved: readonly Reserving[]): Protocol<Reserving[]> {
  const entries = yield* inOpenEpoch(host, pool)
  if (!entries) return []
  const byKey = new Map(entries.map((entry) => [entry.key, entry]))
  const freed = reserved.filter((one) => {
    const entry = byKey.get(host.keys.single(pool, addressOf(one.address)))
    // A value that is none of ours may have been one of that host's.
    return !entry || (knownSingle(host, pool, entry)?.value.host ?? one.host) !== one.host
  })
  for (const one of freed) yield* release(one)
  return freed
}
