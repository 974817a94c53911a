/** Frees what a host holds, which is gone for good. Only the operator knows that. */

import type { Keys } from '../keys.ts'
import { type Condition, type Entry, type Protocol, read, transact } from '../protocol.ts'
import {
  type BlockValue,
  block as blockSchema,
  type HostValue,
  host as hostSchema,
  type SingleValue,
  single as singleSchema,
} from '../values.ts'
import { entered } from './errors.ts'
import { entriesBelow } from './pages.ts'
import { chunksOf } from './parts.ts'
import type { Operator } from './pools.ts'
import { allKnown, type Known, known } from './value.ts'

/** What a host has in the store, with the revisions of the keys. */
export interface Estate {
  name: string
  host?: Known<HostValue> | undefined
  blocks: readonly Known<BlockValue>[]
  singles: readonly Known<SingleValue>[]
  /** Keys of vteps/ and neighbours/. */
  others: readonly Entry[]
}

/** What `release` would free: it reads all blocks. */
export function* estateOf({ keys, report }: Operator, name: string): Protocol<Estate> {
  const { entries } = yield* read({ from: keys.host(name) })
  const blocks = allKnown(blockSchema, yield* entriesBelow(keys.blocks()), report)
  const singles = allKnown(singleSchema, yield* entriesBelow(keys.singles()), report)
  const { vteps, neighbours } = everyVni(keys)
  const peers: Entry[] = []
  for (const prefix of [vteps, neighbours])
    peers.push(...(yield* entriesBelow(prefix)).filter(({ key }) => hostIn(key, prefix) === name))
  return {
    name,
    host: known(hostSchema, entries[0], report),
    blocks: blocks.filter(({ value }) => value.host === name),
    singles: singles.filter(({ value }) => value.host === name),
    others: peers,
  }
}

/** The prefixes of the peers' keys: of all VNIs. */
function everyVni(keys: Keys): { vteps: string; neighbours: string } {
  const [vteps, neighbours] = [keys.vteps(0), keys.neighbours(0)].map((one) => one.slice(0, -'0/'.length))
  return { vteps: vteps ?? '', neighbours: neighbours ?? '' }
}

/** @param key `…vteps/VNI/HOST` or `…neighbours/VNI/HOST/MAC`, of the prefix before VNI */
function hostIn(key: string, prefix: string): string | undefined {
  return key.slice(prefix.length).split('/')[1]
}

/**
 * Frees all of it. The host's own key goes first: a transaction that the host has sent, and that arrives later, is void then.
 * @returns what was freed
 * @throws CniError of code 11 when the host has entered again meanwhile: it is not gone. What is left stays its own
 */
export function* releaseHost(operator: Operator, name: string): Protocol<Estate> {
  const { keys } = operator
  const first = yield* estateOf(operator, name)
  const key = keys.host(name)
  if (first.host) {
    const { modified } = first.host
    const { succeeded } = yield* transact({ when: [{ key, modified }], do: [{ remove: { from: key } }] })
    if (!succeeded) throw entered(name)
  }
  // Looked at again: what the host's last transaction has claimed is among it now.
  const estate = { ...(yield* estateOf(operator, name)), host: first.host }
  const entries = [...estate.blocks, ...estate.singles, ...estate.others]
  for (const chunk of chunksOf(entries)) yield* removeAll(chunk, { key, created: 0 }, name)
  return estate
}

function* removeAll(
  entries: readonly Pick<Entry, 'key' | 'modified'>[],
  absent: Condition,
  name: string,
): Protocol<void> {
  const unchanged = entries.map(({ key, modified }) => ({ key, modified }))
  const { succeeded } = yield* transact({
    when: [absent, ...unchanged],
    do: entries.map(({ key }) => ({ remove: { from: key } })),
  })
  if (!succeeded) throw entered(name)
}
