/** When a network needs another block, and which of its blocks it can do without: pure functions. */

import { leastFree } from '../../../shared/ipam/pool/fill.ts'

/** A held block of one family, and how full it is. */
export interface Fill {
  block: string
  /** How many addresses it can give: not the gateway, nor excluded ones. */
  size: number
  used: number
}

/** Whether so few addresses are left, in all blocks together, that a block is claimed ahead. A network without any block waits for its first ADD. */
export function needsBlock(fills: readonly Fill[]): boolean {
  if (fills.length === 0) return false
  const whole = fills.reduce((sum, { size }) => sum + size, 0)
  const free = fills.reduce((sum, { size, used }) => sum + Math.max(0, size - used), 0)
  return free <= leastFree(whole, fills.length)
}

/** Since when blocks have been empty, by `performance.now()`. */
export type EmptySince = ReadonlyMap<string, number>

/** The same after another look: a block that is not empty, or is gone, is left out. */
export function emptySince(before: EmptySince, fills: readonly Fill[], now: number): EmptySince {
  const empty = fills.filter(({ used }) => used === 0)
  return new Map(empty.map(({ block }) => [block, before.get(block) ?? now]))
}

/** Which empty blocks go back now, and when to look again. */
export interface Surplus {
  blocks: string[]
  /** Until the next one has been empty long enough, milliseconds. */
  next?: number
}

/**
 * Empty blocks but a spare one go back when they have been empty for a time, those first that have been so for longest.
 * @param spare how many empty blocks are kept
 */
export function surplus(since: EmptySince, spare: number, emptyFor: number, now: number): Surplus {
  const oldest = [...since].sort(([, one], [, other]) => one - other)
  const more = oldest.slice(0, Math.max(0, oldest.length - spare))
  const left = more.map(([block, begun]) => ({ block, wait: begun + emptyFor - now }))
  const waits = left.flatMap(({ wait }) => (wait > 0 ? wait : []))
  return {
    blocks: left.filter(({ wait }) => wait <= 0).map(({ block }) => block),
    ...(waits.length > 0 && { next: Math.min(...waits) }),
  }
}
