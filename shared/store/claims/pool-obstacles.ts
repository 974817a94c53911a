/** What stands in the way of a pool: the addresses of other pools, and blocks of theirs. */

import type { CniError } from '../../error/error.ts'
import { formatAddress } from '../../ip/address.ts'
import { type Cidr, contains, lastOf, networkOf, parseCidr } from '../../ip/subnet.ts'
import { allBelow, type Keys } from '../keys.ts'
import { type PoolDefinition, poolDefinition } from '../pool.ts'
import { type Entry, type Protocol, read } from '../protocol.ts'
import { block as blockSchema } from '../values.ts'
import { addressIn } from './blocks.ts'
import type { Host } from './host.ts'
import { type Ends, entriesIn } from './pages.ts'
import { leftOver, overlapping, stillClaimed } from './pool-errors.ts'
import { allKnown } from './value.ts'

/** What the operator's protocols are given. */
export type Operator = Pick<Host, 'keys' | 'now' | 'fresh' | 'report'>

/** A pool with its name. */
export interface NamedPool {
  name: string
  definition: PoolDefinition
  modified: number
}

/** What all pools are, at one revision. */
export interface Pools {
  revision: number
  pools: readonly NamedPool[]
}

/** A definition without the ID, as the operator writes it. */
export type Plan = Omit<PoolDefinition, 'id' | 'closing'>

/** All pools, and the revision at which they are so. */
export function* readPools({ keys, report }: Pick<Operator, 'keys' | 'report'>): Protocol<Pools> {
  const { entries, revision } = yield* read(allBelow(keys.pools))
  const pools = allKnown(poolDefinition, entries, report).map(({ key, value, modified }) => ({
    name: key.slice(keys.pools.length),
    definition: value,
    modified,
  }))
  return { revision, pools }
}

/** What stands in the way of a pool, among the others; undefined when nothing does. */
export function* obstacleIn(
  operator: Operator,
  { pools }: Pools,
  name: string,
  plan: Plan,
): Protocol<CniError | undefined> {
  const subnets = plan.ranges.flatMap(({ subnet }) => parseCidr(subnet) ?? [])
  return (
    (yield* otherPoolIn(operator, pools, name, subnets)) ??
    (yield* leftIn(operator, pools, name, plan, subnets))
  )
}

/** A pool of another name that has, or of which a block has, addresses of the subnets. */
export function* otherPoolIn(
  { keys }: Pick<Operator, 'keys'>,
  pools: readonly NamedPool[],
  name: string,
  subnets: readonly Cidr[],
): Protocol<CniError | undefined> {
  for (const pool of pools) {
    if (pool.name === name) continue
    const shared = subnetsOf(pool.definition).find((one) => subnets.some((other) => overlap(one, other)))
    if (shared) return overlapping(pool.name, shared)
    const block = yield* blockWithin(keys, pool, subnets)
    if (block) return stillClaimed(pool.name, block)
  }
  return undefined
}

/** A block of a pool that is not there: its host has claimed it again, after the pool was deleted, or all of etcd was lost. */
function* leftIn(
  { keys, report }: Operator,
  pools: readonly NamedPool[],
  name: string,
  { blockSize }: Plan,
  subnets: readonly Cidr[],
): Protocol<CniError | undefined> {
  for (const range of rangesOfNone(keys, pools))
    for (const { key, value } of allKnown(blockSchema, yield* entriesIn(range), report)) {
      const block = parseCidr(value.block)
      const [pool = ''] = key.slice(keys.blocks().length).split('/')
      if (!block) continue
      const isInTheWay =
        pool === name ? block.prefix !== sizeIn(blockSize, block) : subnets.some((one) => overlap(one, block))
      if (isInTheWay) return leftOver(pool, value)
    }
  return undefined
}

/** The keys of blocks between those of the pools. */
function rangesOfNone(keys: Keys, pools: readonly NamedPool[]): Ends[] {
  const all = allBelow(keys.blocks())
  const known = pools
    .map(({ name }) => allBelow(keys.blocks(name)))
    .sort((one, other) => (one.from < other.from ? -1 : 1))
  const ends = [...known.map(({ from }) => from), all.to]
  return [all.from, ...known.map(({ to }) => to)].map((from, at) => ({ from, to: ends[at] ?? all.to }))
}

/** The prefix length of a pool's blocks, of the family of a subnet. */
export function sizeIn({ ipv4, ipv6 }: Plan['blockSize'], { address }: Cidr): number {
  return address.family === 4 ? ipv4 : ipv6
}

/** A block of a pool that shares addresses with a subnet: after a change of its ranges it may lie outside of them. */
function* blockWithin(
  keys: Keys,
  { name, definition }: NamedPool,
  subnets: readonly Cidr[],
): Protocol<string | undefined> {
  for (const subnet of subnets) {
    const prefix = Math.min(subnet.prefix, sizeIn(definition.blockSize, subnet))
    const first = networkOf({ ...subnet, prefix })
    const range = {
      from: keys.block(name, first),
      to: `${keys.block(name, lastOf(subnet))}\0`,
      limit: 1,
      keysOnly: true,
    }
    const [entry] = (yield* read(range)).entries
    if (entry) return blockText(entry)
  }
  return undefined
}

function blockText(entry: Entry): string {
  const address = addressIn(entry)
  return address ? formatAddress(address) : entry.key
}

function subnetsOf({ ranges }: Plan): Cidr[] {
  return ranges.flatMap(({ subnet }) => parseCidr(subnet) ?? [])
}

function overlap(one: Cidr, other: Cidr): boolean {
  return contains(one, other.address) || contains(other, one.address)
}
