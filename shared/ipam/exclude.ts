/** Takes excluded addresses out of a range: the ranges between them are left. */

import { parseAddress } from '../ip/address.ts'
import { lastOf, networkOf, parseCidr, plus } from '../ip/subnet.ts'
import type { Bounds, Range } from './range.ts'

/** @param excluded addresses and CIDRs; those of another family or subnet have no effect @returns none if nothing is left */
export function withoutExcluded(range: Range, texts: readonly string[] = []): Range[] {
  const excluded = texts.flatMap((text) => boundsOf(text) ?? [])
  const whole = excluded.length > 0 ? { ...range, excluded } : range
  return excluded.reduce<Range[]>((left, hole) => left.flatMap((one) => around(one, hole)), [whole])
}

function boundsOf(text: string): Bounds | undefined {
  const cidr = parseCidr(text)
  if (cidr) return { start: networkOf(cidr), end: lastOf(cidr) }
  const address = parseAddress(text)
  return address && { start: address, end: address }
}

function around(range: Range, hole: Bounds): Range[] {
  const { start, end } = range
  if (hole.start.family !== start.family) return [range]
  if (hole.end.value < start.value || hole.start.value > end.value) return [range]
  return [
    ...(hole.start.value > start.value ? [{ ...range, end: plus(hole.start, -1n) }] : []),
    ...(hole.end.value < end.value ? [{ ...range, start: plus(hole.end, 1n) }] : []),
  ]
}
