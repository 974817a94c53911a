/** The operator's changes of pools. No two pools share an address, and none has one that a block of another pool still has. */

import type { CniError } from '../../error/error.ts'
import { allBelow, type Keys } from '../keys.ts'
import { type PoolDefinition, poolDefinition } from '../pool.ts'
import { type Condition, type Protocol, read, transact } from '../protocol.ts'
import { beginStore } from './epoch.ts'
import { changed, noPool } from './errors.ts'
import { entriesBelow } from './pages.ts'
import { exists, sizeInUse } from './pool-errors.ts'
import {
  type NamedPool,
  type Operator,
  obstacleIn,
  type Plan,
  type Pools,
  readPools,
} from './pool-obstacles.ts'
import { type Known, known } from './value.ts'

const ATTEMPTS = 5

export type { NamedPool, Operator, Plan } from './pool-obstacles.ts'

/** All pools, in the order of their names. */
export function* listPools({ keys, report }: Operator): Protocol<NamedPool[]> {
  return [...(yield* readPools({ keys, report })).pools]
}

/** What would stand in the way of a pool, as an error; undefined when nothing does. For a dry run, too. */
export function* obstacleTo(operator: Operator, name: string, plan: Plan): Protocol<CniError | undefined> {
  return yield* obstacleIn(operator, yield* readPools(operator), name, plan)
}

/**
 * Creates a pool.
 * @throws CniError when there is one of this name, or another one shares addresses with it; of code 11 when pools have changed meanwhile
 */
export function* createPool(operator: Operator, name: string, plan: Plan): Protocol<PoolDefinition> {
  const { keys } = operator
  const { entries } = yield* read({ from: keys.epoch })
  if (entries.length === 0) yield* beginStore(operator, false)
  const id = operator.fresh()
  return yield* writePool(operator, name, ({ pools }) => {
    if (pools.some((pool) => pool.name === name)) throw exists(name)
    return { definition: { ...plan, id }, when: [{ key: keys.pool(name), created: 0 }] }
  })
}

/**
 * Replaces the ranges of a pool. Blocks outside of them stay with their hosts until they are empty.
 * @throws as createPool; CniError for another block size of a family that has blocks
 */
export function* changePool(operator: Operator, name: string, plan: Plan): Protocol<PoolDefinition> {
  return yield* writePool(operator, name, ({ pools }) => {
    const before = pools.find((pool) => pool.name === name)
    if (!before) throw noPool(name)
    const sizes = sizeConditions(operator.keys, name, before.definition, plan)
    const unchanged = { key: operator.keys.pool(name), modified: before.modified }
    return { definition: { ...before.definition, ...plan }, when: [unchanged, ...sizes] }
  })
}

interface Planned {
  definition: PoolDefinition
  when: Condition[]
}

/** Looks again when a host has claimed or given back a block meanwhile. @throws what `planned` throws for the pools as they are */
function* writePool(
  operator: Operator,
  name: string,
  planned: (all: Pools) => Planned,
): Protocol<PoolDefinition> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const all = yield* readPools(operator)
    const { definition, when } = planned(all)
    const obstacle = yield* obstacleIn(operator, all, name, definition)
    if (obstacle) throw obstacle
    if (yield* isWritten(operator, name, all, { definition, when })) return definition
  }
  throw changed('a pool, or a block,')
}

/** A host that comes back may claim a block again that lies in no pool: so no block may have changed either. */
function* isWritten(
  { keys, report }: Operator,
  name: string,
  { revision: unchangedSince }: Pools,
  { definition, when }: Planned,
): Protocol<boolean> {
  const { succeeded, found } = yield* transact({
    when: [...when, ...[keys.pools, keys.blocks()].map((one) => ({ ...allBelow(one), unchangedSince }))],
    do: [{ put: { key: keys.pool(name), value: JSON.stringify(definition) } }],
    otherwise: [
      { range: { from: keys.pool(name) } },
      { range: { ...allBelow(keys.blocks(name)), limit: 1 } },
    ],
  })
  if (succeeded) return true
  const now = known(poolDefinition, found[0]?.[0], report)
  // The answer to an earlier attempt of this transaction was lost on its way.
  if (now && JSON.stringify(now.value) === JSON.stringify(definition)) return true
  if (when.length > 1 && (found[1]?.length ?? 0) > 0) throw sizeInUse(name)
  return false
}

/** Blocks of two sizes could share addresses: none may be there when the size changes. */
function sizeConditions(keys: Keys, name: string, before: PoolDefinition, { blockSize }: Plan): Condition[] {
  const { ipv4, ipv6 } = before.blockSize
  if (ipv4 === blockSize.ipv4 && ipv6 === blockSize.ipv6) return []
  return [{ ...allBelow(keys.blocks(name)), unchangedSince: 0 }]
}

/** What keeps a pool from being deleted. */
export interface Left {
  /** Whether it is deleted now. */
  deleted: boolean
  /** Blocks and single addresses that hosts still hold. */
  blocks: number
  singles: number
}

/**
 * Deletes a pool: first no host claims of it any more, and gives no new address; when the last block has gone back, a second call removes it.
 * @param dryRun changes nothing
 */
export function* deletePool(operator: Operator, name: string, dryRun = false): Protocol<Left> {
  const { keys, report } = operator
  const pool = known(poolDefinition, (yield* read({ from: keys.pool(name) })).entries[0], report)
  if (!pool) throw noPool(name)
  const closing = dryRun ? pool : yield* close(pool)
  const blocks = (yield* entriesBelow(keys.blocks(name), true)).length
  const singles = (yield* entriesBelow(keys.singles(name), true)).length
  if (dryRun || blocks + singles > 0) return { deleted: blocks + singles === 0, blocks, singles }
  const { succeeded, found } = yield* transact({
    when: [
      { key: pool.key, modified: closing.modified },
      { ...allBelow(keys.blocks(name)), unchangedSince: 0 },
      { ...allBelow(keys.singles(name)), unchangedSince: 0 },
    ],
    do: [{ remove: { from: pool.key } }],
    otherwise: [{ range: { from: pool.key } }],
  })
  if (!succeeded && (found[0]?.length ?? 0) > 0) throw changed(`pool ${name}`)
  return { deleted: true, blocks: 0, singles: 0 }
}

function* close(pool: Known<PoolDefinition>): Protocol<Pick<Known<PoolDefinition>, 'modified'>> {
  if (pool.value.closing) return pool
  const value = JSON.stringify({ ...pool.value, closing: true })
  const { succeeded, revision } = yield* transact({
    when: [{ key: pool.key, modified: pool.modified }],
    do: [{ put: { key: pool.key, value } }],
  })
  if (!succeeded) throw changed('the pool')
  return { modified: revision }
}
