/** How full the blocks of a network are: its file of blocks, beside the names of host-local's files. */

import { type Family, formatAddress } from '../../../shared/ip/address.ts'
import { type Cidr, lastOf, networkOf, parseCidr } from '../../../shared/ip/subnet.ts'
import { recordedAddresses } from '../../../shared/ipam/pool/need.ts'
import { within } from '../../../shared/ipam/pool/sets.ts'
import { capacity, withHoles } from '../../../shared/ipam/range.ts'
import type { Holdings } from '../../../shared/store/memory.ts'
import type { Fill } from './decide.ts'
import { takenPerBlock } from './taken.ts'

/** What is known of a network without the store. */
export interface Fullness {
  holdings: Holdings
  /** The held blocks of each family. */
  fills: ReadonlyMap<Family, readonly Fill[]>
  /** Addresses in other hosts' blocks that are held and not reserved. */
  idleSingles: string[]
}

/** @throws KernelError when the directory cannot be read; CniError for ranges that cannot be */
export function fullnessOf(holdings: Holdings): Fullness {
  const taken = recordedAddresses(`${holdings.dataDir}/${holdings.network}`)
  const held = holdings.blocks.flatMap(({ block, state }) => {
    const cidr = state === 'held' ? parseCidr(block) : undefined
    return cidr ? [{ block, cidr }] : []
  })
  const ranges = holdings.definition.ranges.flatMap((range, at) => withHoles(range, `ranges[${at}]`))
  const sizeOf = (block: Cidr) =>
    Number(capacity(within(ranges, { start: networkOf(block), end: lastOf(block) })))
  const counts = takenPerBlock(
    held.map(({ cidr }) => cidr),
    taken,
  )
  const fills = held.map(({ block, cidr }, at) => ({
    family: cidr.address.family,
    ...{ block, size: sizeOf(cidr), used: counts[at] ?? 0 },
  }))
  const names = new Set(taken.map(formatAddress))
  const idle = holdings.singles.filter(({ address, state }) => state === 'held' && !names.has(address))
  return {
    holdings,
    fills: Map.groupBy(fills, ({ family }) => family),
    idleSingles: idle.map(({ address }) => address),
  }
}
