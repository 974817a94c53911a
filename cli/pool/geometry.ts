/** Which blocks a pool has: of each family those of its block size that share an address with a range. */

import { type Family, families, width } from '../../shared/ip/address.ts'
import { type Cidr, lastOf, networkOf } from '../../shared/ip/subnet.ts'
import { within } from '../../shared/ipam/pool/sets.ts'
import { type Bounds, capacity, overlaps, type Range, withHoles } from '../../shared/ipam/range.ts'
import type { PoolDefinition } from '../../shared/store/pool.ts'

/** A pool's ranges of one family, without excluded addresses. */
export interface Part {
  family: Family
  /** Prefix length of its blocks. */
  blockSize: number
  ranges: readonly Range[]
}

/** @throws CniError for a range that breaks host-local's rules: another program may have written it */
export function partsIn({ ranges, blockSize }: Pick<PoolDefinition, 'ranges' | 'blockSize'>): Part[] {
  const all = ranges.flatMap((range) => withHoles(range, `range ${range.subnet}`))
  return families.flatMap((family) => {
    const own = all.filter(({ start }) => start.family === family)
    const size = family === 4 ? blockSize.ipv4 : blockSize.ipv6
    return own.length > 0 ? [{ family, blockSize: size, ranges: own }] : []
  })
}

/** How many blocks there are. */
export function blocksIn({ family, blockSize, ranges }: Part): bigint {
  const shift = BigInt(width(family) - blockSize)
  const spans = ranges
    .map(({ start, end }) => ({ from: start.value >> shift, to: end.value >> shift }))
    .sort((one, other) => (one.from < other.from ? -1 : 1))
  let count = 0n
  let next = 0n
  for (const { from, to } of spans) {
    const begin = from > next ? from : next
    if (to >= begin) count += to - begin + 1n
    if (to >= next) next = to + 1n
  }
  return count
}

/** How many addresses can be given. */
export const addressesIn = ({ ranges }: Part): bigint => capacity(ranges)

/** The first and the last address of a block. */
export function boundsOf(block: Cidr): Bounds {
  return { start: networkOf(block), end: lastOf(block) }
}

/** Whether a pool has this block: of its size, or the whole of a smaller subnet, and with an address of a range. */
export function hasBlock(parts: readonly Part[], block: Cidr): boolean {
  const part = parts.find(({ family }) => family === block.address.family)
  if (!part) return false
  const isSize = ({ subnet }: Range) => block.prefix === Math.max(part.blockSize, subnet.prefix)
  return part.ranges.some((range) => isSize(range) && overlaps(range, boundsOf(block)))
}

/** How many addresses of a block the pool can give. */
export function usableIn(parts: readonly Part[], block: Cidr): bigint {
  const part = parts.find(({ family }) => family === block.address.family)
  const inside = within(part?.ranges ?? [], boundsOf(block))
  return inside.length > 0 ? capacity(inside) : 0n
}
