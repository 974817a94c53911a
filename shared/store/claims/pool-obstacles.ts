/** What stands in the way of a pool: the addresses of other pools, and blocks of theirs. */

import { CniError, Code } from '../../error/error.ts'
import { formatAddress } from '../../ip/address.ts'
import { type Cidr, contains, lastOf, networkOf, parseCidr } from '../../ip/subnet.ts'
import { allBelow, type Keys } from '../keys.ts'
import { type PoolDefinition, poolDefinition } from '../pool.ts'
import { type Entry, type Protocol, read } from '../protocol.ts'
import { addressIn } from './blocks.ts'
import type { Host } from './host.ts'
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
  { keys }: Operator,
  { pools }: Pools,
  name: string,
  plan: Plan,
): Protocol<CniError | undefined> {
  const subnets = subnetsOf(plan)
  for (const pool of pools) {
    if (pool.name === name) continue
    const shared = subnetsOf(pool.definition).find((one) => subnets.some((other) => overlap(one, other)))
    if (shared) return overlapping(pool.name, shared)
    const block = yield* blockWithin(keys, pool, subnets)
    if (block) return stillClaimed(pool.name, block)
  }
  return undefined
}

/** A block of a pool that shares addresses with a subnet: after a change of its ranges it may lie outside of them. */
function* blockWithin(
  keys: Keys,
  { name, definition }: NamedPool,
  subnets: readonly Cidr[],
): Protocol<string | undefined> {
  for (const subnet of subnets) {
    const size = subnet.address.family === 4 ? definition.blockSize.ipv4 : definition.blockSize.ipv6
    const first = networkOf({ ...subnet, prefix: Math.min(subnet.prefix, size) })
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

function overlapping(pool: string, { address, prefix }: Cidr): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `it shares addresses with pool ${pool}: ${formatAddress(address)}/${prefix}`,
    hint: `give it other ranges; look at the other: patchbay pool show ${pool}`,
  })
}

function stillClaimed(pool: string, block: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `the block at ${block} in it is still claimed, of pool ${pool}`,
    hint: `wait until it has gone back: patchbay pool show ${pool}`,
  })
}
