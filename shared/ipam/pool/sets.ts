/** Arithmetic: the range sets of the blocks that a network holds. The subnet, the gateway and the excluded addresses are the pool's. */

import { type Address, type Family, families, parseAddress } from '../../ip/address.ts'
import { type Cidr, contains, lastOf, networkOf, parseCidr } from '../../ip/subnet.ts'
import type { HeldBlock, Holdings } from '../../store/memory.ts'
import type { PoolDefinition } from '../../store/pool.ts'
import { type Bounds, type Range, type RangeSet, withHoles } from '../range.ts'

/** What a container can get one address of. */
export interface FamilySet {
  family: Family
  /** What the pool may give, whichever host holds it. */
  whole: RangeSet
  /** Of it, what this host holds: empty without a block. */
  held: RangeSet
  /** How many blocks that is. */
  blocks: number
}

/** One for each family that the pool has, IPv4 first. @throws CniError for ranges that cannot be */
export function familySets({ definition, blocks }: Pick<Holdings, 'definition' | 'blocks'>): FamilySet[] {
  const ranges = definition.ranges.flatMap((range, at) => withHoles(range, `ranges[${at}]`))
  const usable = blocks.flatMap(({ block, state }) => (state === 'held' ? boundsOf(block) : []))
  return families.flatMap((family) => {
    const whole = ranges.filter(({ start }) => start.family === family)
    const own = usable.filter(({ start }) => start.family === family)
    const held = own.flatMap((block) => within(whole, block))
    return whole.length > 0 ? [{ family, whole, held, blocks: own.length }] : []
  })
}

function boundsOf(block: HeldBlock['block']): Bounds[] {
  const cidr = parseCidr(block)
  return cidr ? [{ start: networkOf(cidr), end: lastOf(cidr) }] : []
}

/** The parts of ranges that lie within bounds. */
export function within(ranges: RangeSet, { start, end }: Bounds): Range[] {
  return ranges.flatMap((range) => {
    if (range.start.family !== start.family) return []
    const part = { start: larger(range.start, start), end: smaller(range.end, end) }
    return part.start.value <= part.end.value ? [{ ...range, ...part }] : []
  })
}

const larger = (one: Address, other: Address) => (one.value > other.value ? one : other)
const smaller = (one: Address, other: Address) => (one.value < other.value ? one : other)

/** Whether an address may be one that this network gave: of the pool's subnets, or of what the network holds in any state. */
export function isOfPool(address: Address, { definition, blocks, singles }: Holdings): boolean {
  const subnets = [...subnetsOf(definition), ...blocks.flatMap(({ block }) => parseCidr(block) ?? [])]
  return (
    subnets.some((subnet) => contains(subnet, address)) ||
    singles.some((one) => parseAddress(one.address)?.value === address.value)
  )
}

function subnetsOf({ ranges }: PoolDefinition): Cidr[] {
  return ranges.flatMap(({ subnet }) => parseCidr(subnet) ?? [])
}
