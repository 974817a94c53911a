/** Which address is given next: a pure decision, round robin over a range set. */

import type { Address } from '../ip/address.ts'
import { plus } from '../ip/subnet.ts'
import { type RangeSet, rangeOf, roleOf } from './range.ts'

/** Consecutive addresses, both ends included. */
interface Stretch {
  start: Address
  end: Address
}

/**
 * The addresses that a set can give, each once, in the order to try them.
 * @param last the address given last: the walk begins after it and wraps round, so that a released address rests longest
 */
export function* candidates(set: RangeSet, last?: Address): Generator<Address> {
  for (const { start, end } of stretches(set, last))
    for (let address = start; address.value <= end.value; address = plus(address, 1n))
      if (!roleOf(set, address)) yield address
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

/** The address to give next, or undefined when all are taken. */
export function allocate(
  set: RangeSet,
  taken: (address: Address) => boolean,
  last?: Address,
): Address | undefined {
  for (const address of candidates(set, last)) if (!taken(address)) return address
  return undefined
}
