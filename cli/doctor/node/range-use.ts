/** How full the ranges of host-local on this host are. */

import { parseAddress } from '../../../shared/ip/address.ts'
import { timeOf } from '../../../shared/ipam/host-local/records.ts'
import { capacity, formatRangeSet, type RangeSet, rangeOf } from '../../../shared/ipam/range.ts'
import { type NetworkRange, rangesOf } from '../../addresses/ranges.ts'
import type { Configurations } from '../../host/configurations.ts'
import type { Store } from '../../host/stores.ts'

/** A set of ranges: a container gets one address of it. */
export interface RangeUse {
  network: string
  /** Where its addresses are. */
  directory: string
  /** As a configuration would list it: `10.1.2.2-10.1.2.254`. */
  range: string
  /** How many addresses containers can have. */
  total: bigint
  used: number
  /** The file that configures it. */
  file: string
  /** The pool of which the network claims more when these are taken. */
  pool?: string
  /** Which container holds an address for the longest time, and since when, nanoseconds since the epoch. */
  oldest?: { container: string; address: string; since: bigint }
}

/** The use of all ranges that the next container may get an address of. A configuration that is wrong is left out. */
export function rangeUses(configurations: Configurations, stores: readonly Store[]): RangeUse[] {
  const byDirectory = new Map(stores.map((store) => [store.directory, store]))
  return ofToday(rangesOf(configurations, () => {})).map(({ network, directory, file, set, pool }) => ({
    ...{ network, directory, file, pool, range: formatRangeSet(set), total: capacity(set) },
    ...useOf(set, byDirectory.get(directory)),
  }))
}

/** Those of the first file that has the network: caches have the ranges of the time of their ADD. */
function ofToday(ranges: readonly NetworkRange[]): NetworkRange[] {
  const files = new Map(ranges.toReversed().map(({ network, file }) => [network, file]))
  return ranges.filter(({ network, file }) => files.get(network) === file)
}

function useOf(set: RangeSet, store: Store | undefined): Pick<RangeUse, 'used' | 'oldest'> {
  if (!store) return { used: 0 }
  const used = store.taken.filter((address) => rangeOf(set, address)).length
  let oldest: RangeUse['oldest']
  for (const one of store.held) {
    const address = parseAddress(one.file)
    if (!address || !rangeOf(set, address)) continue
    const since = BigInt(timeOf(store.directory, one) || 0)
    if (!oldest || since < oldest.since) oldest = { container: one.containerID, address: one.file, since }
  }
  return { used, oldest }
}
