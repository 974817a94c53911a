/** The way back from the deletion of a pool, while it is not deleted yet. */

import { type PoolDefinition, poolDefinition } from '../pool.ts'
import { type Protocol, read, transact } from '../protocol.ts'
import { changed, noPool } from './errors.ts'
import type { Operator } from './pools.ts'
import { known } from './value.ts'

/** Hosts claim of a closing pool again. @throws CniError when there is no such pool; of code 11 when it has changed meanwhile */
export function* reopenPool({ keys, report }: Operator, name: string): Protocol<PoolDefinition> {
  const key = keys.pool(name)
  const pool = known(poolDefinition, (yield* read({ from: key })).entries[0], report)
  if (!pool) throw noPool(name)
  const { closing, ...open } = pool.value
  if (!closing) return pool.value
  const { succeeded } = yield* transact({
    when: [{ key, modified: pool.modified }],
    do: [{ put: { key, value: JSON.stringify(open) } }],
  })
  if (!succeeded) throw changed(`pool ${name}`)
  return open
}
