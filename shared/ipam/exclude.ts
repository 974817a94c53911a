/** Takes excluded addresses out of a range: the ranges between them are left. */

import { parseAddress } from '../ip/address.ts'
import { lastOf, networkOf, parseCidr, plus } from '../ip/subnet.ts'
import type { Bounds, Range } from './range.ts'

/** @param texts addresses and CIDRs; those of another family or subnet have no effect @returns none if nothing is left */
export function withoutExcluded(range: Range, texts: readonly string[] = []): Range[] {
  const excluded = texts.flatMap((text) => boundsOf(text) ?? [])
  if (excluded.length === 0) return [range]
  const holes = excluded.filter((hole) => touches(hole, range)).sort(byStart)
  const parts: Range[] = []
  const whole = { ...range, excluded }
  let { start } = range
  for (const hole of holes) {
    if (hole.start.value > start.value) parts.push({ ...whole, start, end: plus(hole.start, -1n) })
    if (hole.end.value >= range.end.value) return parts
    if (hole.end.value >= start.value) start = plus(hole.end, 1n)
  }
  return [...parts, { ...whole, start }]
}

function boundsOf(text: string): Bounds | undefined {
  const cidr = parseCidr(text)
  if (cidr) return { start: networkOf(cidr), end: lastOf(cidr) }
  const address = parseAddress(text)
  return address && { start: address, end: address }
}

function touches({ start, end }: Bounds, range: Range): boolean {
  const isOfFamily = start.family === range.start.family
  return isOfFamily && end.value >= range.start.value && start.value <= range.end.value
}

function byStart(one: Bounds, other: Bounds): number {
  return one.start.value < other.start.value ? -1 : 1
}
