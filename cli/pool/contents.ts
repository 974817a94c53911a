/** All that the store knows of pools and hosts, read page by page. A value that is not as it should be is named and left out. */

import type { Output, Schema } from '../../shared/config/schema.ts'
import { parseAddress, sameAddress } from '../../shared/ip/address.ts'
import { type Cidr, networkOf, parseCidr } from '../../shared/ip/subnet.ts'
import { entriesBelow } from '../../shared/store/claims/pages.ts'
import type { Keys } from '../../shared/store/keys.ts'
import { type PoolDefinition, poolDefinition } from '../../shared/store/pool.ts'
import { type Entry, type Protocol, read } from '../../shared/store/protocol.ts'
import {
  type BlockValue,
  block,
  type Epoch,
  epoch,
  type HostValue,
  host,
  type SingleValue,
  single,
} from '../../shared/store/values.ts'
import { hostName, poolName } from '../../shared/store/words.ts'
import { isA, type Read, readValue } from '../host/values.ts'
import { partsIn } from './geometry.ts'

/** A block's key and value. */
export interface Claimed extends BlockValue {
  key: string
  pool: string
  cidr: Cidr
  modified: number
}

/** A single's key and value. */
export interface Asked extends SingleValue {
  key: string
  pool: string
}

export interface Contents {
  epoch?: Epoch
  pools: ReadonlyMap<string, PoolDefinition>
  hosts: ReadonlyMap<string, HostValue>
  blocks: readonly Claimed[]
  singles: readonly Asked[]
  /** Keys whose values are not what they should be, or whose names do not fit to their values. */
  bad: readonly { key: string; why: string }[]
}

/** Reads everything. Blocks are read before hosts: a host registers itself before it claims. */
export function* readContents(keys: Keys): Protocol<Contents> {
  const bad: { key: string; why: string }[] = []
  const told = <T>(entry: Entry, found: Read<T>): T[] => {
    if ('value' in found) return [found.value]
    bad.push({ key: entry.key, why: found.why })
    return []
  }
  const blocks = yield* entriesBelow(keys.blocks())
  const singles = yield* entriesBelow(keys.singles())
  const hosts = yield* entriesBelow(keys.hosts)
  const pools = yield* entriesBelow(keys.pools)
  const [begun] = (yield* read({ from: keys.epoch })).entries
  return {
    epoch: begun ? told(begun, readValue(epoch, begun.value))[0] : undefined,
    pools: new Map(pools.flatMap((entry) => told(entry, poolIn(entry, keys)))),
    hosts: new Map(hosts.flatMap((entry) => told(entry, hostIn(entry, keys)))),
    blocks: blocks.flatMap((entry) => told(entry, blockIn(entry, keys))),
    singles: singles.flatMap((entry) => told(entry, singleIn(entry, keys))),
    bad,
  }
}

function poolIn({ key, value }: Entry, keys: Keys): Read<[string, PoolDefinition]> {
  return named(key.slice(keys.pools.length), poolName, poolDefinition, value, (definition) => {
    try {
      return partsIn(definition).length === 0 ? 'it has no range' : undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  })
}

function hostIn({ key, value }: Entry, keys: Keys): Read<[string, HostValue]> {
  return named(key.slice(keys.hosts.length), hostName, host, value)
}

function named<S extends Schema>(
  name: string,
  names: Schema,
  schema: S,
  text: string,
  fault: (value: Output<S>) => string | undefined = () => undefined,
): Read<[string, Output<S>]> {
  if (!isA(names, name)) return { why: 'its name is none that Patchbay gives' }
  const found = readValue(schema, text)
  if ('why' in found) return found
  const why = fault(found.value)
  return why === undefined ? { value: [name, found.value] } : { why }
}

function blockIn({ key, value, modified }: Entry, keys: Keys): Read<Claimed> {
  const found = readValue(block, value)
  if ('why' in found) return found
  const pool = poolOf(key, keys.blocks())
  const cidr = parseCidr(found.value.block)
  if (
    !cidr ||
    !isA(poolName, pool) ||
    !sameAddress(cidr.address, networkOf(cidr)) ||
    keys.block(pool, cidr.address) !== key
  )
    return { why: `its name does not fit to the block ${found.value.block}` }
  return { value: { ...found.value, key, pool, cidr, modified } }
}

function singleIn({ key, value }: Entry, keys: Keys): Read<Asked> {
  const found = readValue(single, value)
  if ('why' in found) return found
  const pool = poolOf(key, keys.singles())
  const address = parseAddress(found.value.address)
  if (!address || !isA(poolName, pool) || keys.single(pool, address) !== key)
    return { why: `its name does not fit to the address ${found.value.address}` }
  return { value: { ...found.value, key, pool } }
}

/** The name of a pool in a key; one that is none fits to no key. */
const poolOf = (key: string, prefix: string) => key.slice(prefix.length).split('/')[0] ?? ''
