/** What a change of a pool's ranges takes and gives. */

import { families } from '../../shared/ip/address.ts'
import { within } from '../../shared/ipam/pool/sets.ts'
import { capacity, type Range } from '../../shared/ipam/range.ts'
import type { Claimed } from './contents.ts'
import type { Plan } from './definition.ts'
import { hasBlock, partsIn } from './geometry.ts'

export interface Difference {
  family: number
  gained: number
  lost: number
}

/** Of each family that changes, how many addresses can be given now, and how many cannot any more. */
export function differenceOf(before: Plan, after: Plan): Difference[] {
  const [old, now] = [before, after].map((plan) => partsIn(plan))
  return families.flatMap((family) => {
    const ranges = [old, now].map((parts) => parts?.find((part) => part.family === family)?.ranges ?? [])
    const [was = [], is = []] = ranges
    const [gained, lost] = [without(is, was), without(was, is)]
    return gained + lost > 0 ? [{ family, gained, lost }] : []
  })
}

/** How many addresses of ranges are not in others. */
function without(ranges: readonly Range[], others: readonly Range[]): number {
  const common = others.flatMap((other) => within(ranges, other))
  return Number(capacity(ranges) - capacity(common))
}

/** The blocks of a pool that a plan has not. */
export function outsideOf(plan: Plan, blocks: readonly Claimed[]): Claimed[] {
  const parts = partsIn(plan)
  return blocks.filter(({ cidr }) => !hasBlock(parts, cidr))
}
