/** Who holds how much of a pool, in a sentence: for the error when nothing is left. */

import type { Family } from '../../ip/address.ts'
import { type Protocol, read } from '../protocol.ts'
import { block as blockSchema } from '../values.ts'
import { countOf, type Stretch } from './blocks.ts'
import type { Session } from './host.ts'
import { allKnown } from './value.ts'

/** So many hosts are named. */
const NAMED = 5

/** So many blocks are read. */
const MOST = 10_000

export function* holdersOf(
  { host }: Session,
  pool: string,
  family: Family,
  stretches: readonly Stretch[],
): Protocol<string> {
  const prefix = `${host.keys.blocks(pool)}${family}`
  const { entries, more } = yield* read({ from: `${prefix}/`, to: `${prefix}0`, limit: MOST })
  const counts = new Map<string, number>()
  for (const { value } of allKnown(blockSchema, entries, () => {}))
    counts.set(value.host, (counts.get(value.host) ?? 0) + 1)
  const most = [...counts].sort(([, one], [, other]) => other - one).slice(0, NAMED)
  const named = most.map(([name, count]) => `${name} ${count}`).join(', ')
  const total = `${entries.length}${more ? ' or more' : ''} of ${countOf(stretches)} blocks are claimed`
  return `${total}, by ${counts.size} hosts: ${named}${counts.size > NAMED ? ', …' : ''}`
}
