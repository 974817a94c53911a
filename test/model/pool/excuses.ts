/** Blocks that docs/pool.md says two hosts may come to hold: after what no protocol can notice in time. */

import type { BlockValue } from '../../../shared/store/values.ts'
import { keys } from './names.ts'
import type { Machine, World } from './world.ts'

/** The blocks that a host's files name. */
export function blocksIn({ networks }: Machine): string[] {
  return networks.flatMap(({ holdings }) => holdings?.blocks.map(({ block }) => block) ?? [])
}

/** Adds to the excused blocks. */
export function excusing({ excused }: World, blocks: readonly string[]): readonly string[] {
  return [...new Set([...excused, ...blocks])].sort()
}

/** The blocks that hosts have and the backup does not call theirs: a store that is copied back looks as it did then. */
export function forgotten({ machines, backup }: World): string[] {
  const kept = (backup?.entries ?? [])
    .filter(({ key }) => key.startsWith(keys.blocks()))
    .map(({ value }) => JSON.parse(value) as BlockValue)
  return machines.flatMap((machine) =>
    blocksIn(machine).filter(
      (block) => !kept.some((one) => one.block === block && one.id === machine.memory?.id),
    ),
  )
}
