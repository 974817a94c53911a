/** Arithmetic of a pool's blocks: which there are, in which order they are tried, and which of them are free. */

import { type Address, type Family, parseAddress, width } from '../../ip/address.ts'
import { type Cidr, contains, lastOf, networkOf, parseCidr, plus, subnetOf } from '../../ip/subnet.ts'
import type { PoolDefinition } from '../pool.ts'
import type { Entry } from '../protocol.ts'

/** Addresses of a subnet that can be given, first and last: no gateway, network or broadcast address, none that is excluded. */
export interface Usable {
  subnet: Cidr
  start: Address
  end: Address
}

/** What a pool can give, of both families. It is handed in: how ranges are read is a matter of IPAM. @throws CniError for ranges that cannot be */
export type UsableOf = (definition: PoolDefinition) => readonly Usable[]

/** Consecutive blocks of one size, by the first addresses of the first and the last of them. */
export interface Stretch {
  first: Address
  last: Address
  prefix: number
}

type Sizes = PoolDefinition['blockSize']

/** The prefix length of a subnet's blocks: a block is not larger than its subnet. */
export function prefixIn({ address, prefix }: Cidr, { ipv4, ipv6 }: Sizes): number {
  return Math.max(prefix, address.family === 4 ? ipv4 : ipv6)
}

/** The block of a subnet that has an address. */
function blockWith(address: Address, subnet: Cidr, sizes: Sizes): Cidr {
  return subnetOf({ address, prefix: prefixIn(subnet, sizes) })
}

/** The block with an address that a pool can give; undefined for another address. */
export function blockOf(usable: readonly Usable[], sizes: Sizes, address: Address): Cidr | undefined {
  const { family, value } = address
  const bounds = usable.find(
    ({ start, end }) => start.family === family && value >= start.value && value <= end.value,
  )
  return bounds && blockWith(address, bounds.subnet, sizes)
}

/** The blocks with an address that can be given, in the order of addresses. */
export function stretchesOf(usable: readonly Usable[], sizes: Sizes, family: Family): Stretch[] {
  const stretches: Stretch[] = []
  const sorted = usable
    .filter(({ start }) => start.family === family)
    .sort((one, other) => (one.start.value < other.start.value ? -1 : 1))
  for (const { subnet, start, end } of sorted) {
    const first = networkOf(blockWith(start, subnet, sizes))
    const last = networkOf(blockWith(end, subnet, sizes))
    const before = stretches.at(-1)
    if (before && before.last.value >= first.value) before.last = last
    else stretches.push({ first, last, prefix: prefixIn(subnet, sizes) })
  }
  return stretches
}

export function sizeOf({ first, prefix }: Stretch): bigint {
  return 1n << BigInt(width(first.family) - prefix)
}

function countIn(stretch: Stretch): bigint {
  return (stretch.last.value - stretch.first.value) / sizeOf(stretch) + 1n
}

export function countOf(stretches: readonly Stretch[]): bigint {
  return stretches.reduce((sum, stretch) => sum + countIn(stretch), 0n)
}

/** All stretches once, from the block of a number on, round to the one before it. @param number is taken modulo the number of blocks */
export function tour(stretches: readonly Stretch[], number: bigint): Stretch[] {
  const count = countOf(stretches)
  let left = count > 0n ? number % count : 0n
  for (const [at, stretch] of stretches.entries()) {
    if (left < countIn(stretch)) {
      const begin = plus(stretch.first, left * sizeOf(stretch))
      const rest = { ...stretch, first: begin }
      const begun = { ...stretch, last: plus(begin, -sizeOf(stretch)) }
      const others = [...stretches.slice(at + 1), ...stretches.slice(0, at)]
      return [rest, ...others, ...(left > 0n ? [begun] : [])]
    }
    left -= countIn(stretch)
  }
  return []
}

/** The address in a key of blocks/ or singles/; undefined for a key that is none of ours. */
export function addressIn({ key }: Pick<Entry, 'key'>): Address | undefined {
  const [family, digits = ''] = key.split('/').slice(-2)
  const length = family === '4' ? 8 : family === '6' ? 32 : 0
  if (digits.length !== length || !/^[0-9a-f]+$/.test(digits)) return undefined
  return { family: family === '4' ? 4 : 6, value: BigInt(`0x${digits}`) }
}

/**
 * The first block from an address on that no key takes.
 * @param taken keys in their order
 * @returns the block's first address; it may lie behind the stretch, or behind the keys that were read
 */
export function firstGap(taken: readonly Pick<Entry, 'key'>[], from: Address, size: bigint): Address {
  let { value } = from
  for (const entry of taken) {
    const key = addressIn(entry)
    if (!key || key.value < value) continue
    if (key.value >= value + size) break
    value += size
  }
  return { family: from.family, value }
}

/** Whether an address, or a block, lies within a block. */
export function isWithin(block: string, part: string): boolean {
  const [outer, inner] = [parseCidr(block), parseCidr(part)?.address ?? parseAddress(part)]
  return outer !== undefined && inner !== undefined && contains(outer, inner)
}

/** The addresses of a block, as the ends of a range. */
export function endsOf(block: Cidr): { first: Address; last: Address } {
  return { first: networkOf(block), last: lastOf(block) }
}
