/** Takes excluded addresses out of a range: the ranges between them are left. */

import { parseAddress } from '../ip/address.ts'
import { lastOf, networkOf, parseCidr, plus } from '../ip/subnet.ts'
import type { Bounds, Range } from './range.ts'

/** @param excluded addresses and CIDRs; those of another family or subnet have no effect @returns none if nothing is left */
export function withoutExcluded(range: Range, excluded: readonly string[]): Range[] {
  return excluded
    .map(boundsOf)
    .reduce<Range[]>((left, hole) => left.flatMap((one) => around(one, hole)), [range])
}

function boundsOf(text: string): Bounds | undefined {
  const cidr = parseCidr(text)
  if (cidr) return { start: networkOf(cidr), end: lastOf(cidr) }
  const address = parseAddress(text)
  return address && { start: address, end: address }
}

function around(range: Range, hole: Bounds | undefined): Range[] {
  const { start, end } = range
  if (!hole || hole.start.family !== start.family) return [range]
  if (hole.end.value < start.value || hole.start.value > end.value) return [range]
  return [
    ...(hole.start.value > start.value ? [{ ...range, end: plus(hole.start, -1n) }] : []),
    ...(hole.end.value < end.value ? [{ ...range, start: plus(hole.end, 1n) }] : []),
  ]
}
