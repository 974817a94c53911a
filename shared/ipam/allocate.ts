/** Chooses the next address to give: round robin over a range set. Changes nothing. */

import type { Address } from '../ip/address.ts'
import { plus } from '../ip/subnet.ts'
import { type RangeSet, rangeOf, roleOf } from './range.ts'

/** Consecutive addresses, both ends included. */
interface Stretch {
  start: Address
  end: Address
}

/** Finds the first free address of a stretch. */
export type FirstFree = (from: Address, to: Address) => Address | undefined

/**
 * The address to give next, or undefined when all are taken.
 * @param last the address given last: the search begins after it and wraps round, so that a released address stays
 *   unused for as long as possible
 */
export function allocate(set: RangeSet, firstFree: FirstFree, last?: Address): Address | undefined {
  for (const stretch of stretches(set, last)) {
    const found = firstUsable(set, firstFree, stretch)
    if (found) return found
  }
  return undefined
}

/** A set's addresses from the one after `last` round to `last` itself. */
function stretches(set: RangeSet, last: Address | undefined): Stretch[] {
  const range = last && rangeOf(set, last)
  if (!last || !range) return [...set]
  const at = set.indexOf(range)
  const [rest, begun] = [
    { start: plus(last, 1n), end: range.end },
    { start: range.start, end: last },
  ]
  return [rest, ...set.slice(at + 1), ...set.slice(0, at), begun]
}

/** The first free address of a stretch that is not a gateway, network or broadcast address. */
function firstUsable(set: RangeSet, firstFree: FirstFree, { start, end }: Stretch): Address | undefined {
  let found = firstFree(start, end)
  while (found && roleOf(set, found)) found = firstFree(plus(found, 1n), end)
  return found
}
