/** How many addresses of each block are taken. */

import type { Address } from '../../../shared/ip/address.ts'
import { type Cidr, lastOf, networkOf } from '../../../shared/ip/subnet.ts'

/** For each block how many of the addresses lie in it. Blocks do not overlap. */
export function takenPerBlock(blocks: readonly Cidr[], taken: readonly Address[]): number[] {
  const counts = blocks.map(() => 0)
  const spans = blocks
    .map((block, at) => ({ at, first: networkOf(block), last: lastOf(block).value }))
    .sort((one, other) => compare(one.first, other.first))
  for (const address of taken) {
    const span = spans[lastNotAfter(spans, address)]
    if (span && span.first.family === address.family && address.value <= span.last)
      counts[span.at] = (counts[span.at] ?? 0) + 1
  }
  return counts
}

/** IPv4 before IPv6. */
function compare(one: Address, other: Address): number {
  if (one.family !== other.family) return one.family - other.family
  return one.value < other.value ? -1 : Number(one.value > other.value)
}

/** Binary search: the last span that does not begin after an address; -1 when all do. */
function lastNotAfter(spans: readonly { first: Address }[], address: Address): number {
  let [low, high] = [0, spans.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const span = spans[middle]
    if (span && compare(span.first, address) <= 0) low = middle + 1
    else high = middle
  }
  return low - 1
}
