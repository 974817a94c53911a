/** `patchbay pool show`: which host holds what of a pool. */

import type * as z from 'zod'
import { type Address, formatAddress } from '../../shared/ip/address.ts'
import { contains, formatCidr, parseCidr } from '../../shared/ip/subnet.ts'
import { readRecord } from '../../shared/ipam/host-local/records.ts'
import { includes, roleOf } from '../../shared/ipam/range.ts'
import type { PoolDefinition } from '../../shared/store/pool.ts'
import type { answer } from '../answers/pool-show.ts'
import { optional } from '../form/optional.ts'
import { compared } from '../form/sort.ts'
import type { HeldHere } from '../host/holdings.ts'
import { timeIn } from '../host/values.ts'
import type { Asked, Claimed, Contents } from './contents.ts'
import { rangeText } from './definition.ts'
import { partsIn } from './geometry.ts'

export type Shown = z.infer<typeof answer>
type Host = Shown['hosts'][number]

/** @param address the one that is asked for */
export function shownOf(
  [name, definition]: readonly [string, PoolDefinition],
  contents: Contents,
  here: HeldHere,
  address?: Address,
): Shown {
  const isMeant = (cidr: string) => !address || contains(parseCidr(cidr) ?? nothing, address)
  const blocks = contents.blocks.filter(({ pool, block }) => pool === name && isMeant(block))
  const singles = contents.singles.filter(
    (one) => one.pool === name && (!address || one.address === formatAddress(address)),
  )
  return {
    name,
    ranges: definition.ranges.map(rangeText),
    blockSize: definition.blockSize,
    closing: definition.closing ?? false,
    hosts: hostsOf(blocks, singles, contents),
    ...(address && { address: lookup(address, definition, { blocks, singles, here, pool: name }) }),
  }
}

const nothing = { address: { family: 4, value: 0n }, prefix: 32 } as const

/** By host and ID: a host that was installed anew is another one. */
function hostsOf(blocks: readonly Claimed[], singles: readonly Asked[], contents: Contents): Host[] {
  const keyOf = ({ host, id }: { host: string; id: string }) => `${host} ${id}`
  const [held, asked] = [Map.groupBy(blocks, keyOf), Map.groupBy(singles, keyOf)]
  const names = [...new Set([...held.keys(), ...asked.keys()])].sort(compared)
  return names.map((name) => {
    const [host = '', id = ''] = name.split(' ')
    const known = contents.hosts.get(host)
    const own = known?.id === id ? known : undefined
    return {
      host,
      registered: own !== undefined,
      confirmed: own !== undefined && own.epoch === contents.epoch?.id,
      ...optional({ seen: own && timeIn(own.seen), version: own?.version }),
      blocks: (held.get(name) ?? []).map(({ cidr, network, since }) => ({
        block: formatCidr(cidr),
        network,
        ...optional({ since: timeIn(since) }),
      })),
      singles: (asked.get(name) ?? []).map(({ address, network, owner, state, reason, since }) => ({
        ...{ address, network, owner, state },
        ...optional({ reason, since: timeIn(since) }),
      })),
    }
  })
}

interface Found {
  pool: string
  blocks: readonly Claimed[]
  singles: readonly Asked[]
  here: HeldHere
}

/** The single's host has it, else the block's. */
function lookup(
  address: Address,
  definition: PoolDefinition,
  { pool, blocks, singles, here }: Found,
): NonNullable<Shown['address']> {
  const ranges = partsIn(definition)
    .filter(({ family }) => family === address.family)
    .flatMap((part) => part.ranges)
  const [block] = blocks
  const holder = singles.find(({ state }) => state === 'granted') ?? block
  return {
    address: formatAddress(address),
    inPool: ranges.some((range) => includes(range, address)),
    ...optional({
      role: roleOf(ranges, address),
      block: block && formatCidr(block.cidr),
      host: holder?.host,
      network: holder?.network,
    }),
    containers: here.networks
      .filter(({ holdings }) => holdings.pool === pool)
      .flatMap(({ directory, holdings: { network } }) => {
        const record = readRecord(directory, formatAddress(address))
        if (!record) return []
        return [{ network, container: record.containerID, ...optional({ interface: record.ifname }) }]
      }),
  }
}
