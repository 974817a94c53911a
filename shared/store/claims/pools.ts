/** The operator's changes of pools. No two pools share an address, and none has one that a block of another pool still has. */

import { CniError, Code } from '../../error/error.ts'
import { allBelow, type Keys } from '../keys.ts'
import { type PoolDefinition, poolDefinition } from '../pool.ts'
import { type Condition, type Protocol, read, transact } from '../protocol.ts'
import { beginStore } from './epoch.ts'
import { changed, noPool } from './errors.ts'
import { entriesBelow } from './pages.ts'
import {
  type NamedPool,
  type Operator,
  obstacleIn,
  type Plan,
  type Pools,
  readPools,
} from './pool-obstacles.ts'
import { type Known, known } from './value.ts'

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
  const all = yield* readPools(operator)
  if (all.pools.some((pool) => pool.name === name)) throw exists(name)
  const definition = { ...plan, id: operator.fresh() }
  yield* writePool(operator, all, name, definition, { key: keys.pool(name), created: 0 })
  return definition
}

/**
 * Replaces the ranges of a pool. Blocks outside of them stay with their hosts until they are empty.
 * @throws as createPool; CniError for another block size of a family that has blocks
 */
export function* changePool(operator: Operator, name: string, plan: Plan): Protocol<PoolDefinition> {
  const all = yield* readPools(operator)
  const before = all.pools.find((pool) => pool.name === name)
  if (!before) throw noPool(name)
  const definition = { ...before.definition, ...plan }
  const sizes = sizeConditions(operator.keys, name, before.definition, plan)
  const unchanged = { key: operator.keys.pool(name), modified: before.modified }
  yield* writePool(operator, all, name, definition, unchanged, ...sizes)
  return definition
}

function* writePool(
  operator: Operator,
  all: Pools,
  name: string,
  definition: PoolDefinition,
  ...when: Condition[]
): Protocol<void> {
  const { keys } = operator
  const obstacle = yield* obstacleIn(operator, all, name, definition)
  if (obstacle) throw obstacle
  const { succeeded, found } = yield* transact({
    when: [...when, { ...allBelow(keys.pools), unchangedSince: all.revision }],
    do: [{ put: { key: keys.pool(name), value: JSON.stringify(definition) } }],
    otherwise: [
      { range: { from: keys.pool(name) } },
      { range: { ...allBelow(keys.blocks(name)), limit: 1 } },
    ],
  })
  if (succeeded) return
  const now = known(poolDefinition, found[0]?.[0], operator.report)
  // The answer to an earlier attempt of this transaction was lost on its way.
  if (now && JSON.stringify(now.value) === JSON.stringify(definition)) return
  if (when.length > 1 && (found[1]?.length ?? 0) > 0) throw sizeInUse(name)
  throw changed(`a pool`)
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

function exists(name: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `there is a pool ${name} already`,
    hint: `look at it: patchbay pool show ${name}; change its ranges: patchbay pool change ${name}`,
  })
}

function sizeInUse(name: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `the block size of pool ${name} cannot change while hosts hold blocks of it`,
    hint: `make another pool with that size, or wait until all blocks have gone back: patchbay pool show ${name}`,
  })
}
