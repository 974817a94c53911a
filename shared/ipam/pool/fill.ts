/** How full blocks are: the last one that is three quarters full gets a spare one beside it. */

import type { Family } from '../../ip/address.ts'
import type { Index } from '../host-local/index.ts'
import type { FamilySet } from './sets.ts'

/** In a large block so many addresses are enough until a spare one is there. */
const ENOUGH = 256

/** When no more addresses of a family are free, a block is claimed ahead. @param size of all its blocks together */
export function leastFree(size: number, blocks: number): number {
  return Math.min(ENOUGH, Math.floor(size / blocks / 4))
}

type Counting = Pick<Index, 'countFree'>

/** The families of which less than a quarter of a block is free, in all blocks together. */
export function lowFamilies({ index }: { index: Counting }, sets: readonly FamilySet[]): Family[] {
  return sets.filter((set) => isLow(set, index)).map(({ family }) => family)
}

function isLow({ held, blocks }: FamilySet, index: Counting): boolean {
  const size = held.reduce((sum, { start, end }) => sum + Number(end.value - start.value) + 1, 0)
  const least = leastFree(size, blocks)
  let free = 0
  for (const { start, end } of held) {
    free += index.countFree(start, end, least + 1 - free)
    if (free > least) return false
  }
  return true
}

/** Whether no address of a family is free. */
export function isFull({ index }: { index: Counting }, { held }: Pick<FamilySet, 'held'>): boolean {
  return held.every(({ start, end }) => index.countFree(start, end, 1) === 0)
}
