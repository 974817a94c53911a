/** The ranges of host-local on this host, and how full each is. */

import { isObject, jsonIn } from '../../shared/config/json.ts'
import { CniError } from '../../shared/error/error.ts'
import { silent } from '../../shared/error/log.ts'
import { parseAddress } from '../../shared/ip/address.ts'
import { config, defaultDataDir, rangeSets } from '../../shared/ipam/host-local/config.ts'
import { timeOf } from '../../shared/ipam/host-local/records.ts'
import { capacity, formatRangeSet, type RangeSet, rangeOf } from '../../shared/ipam/range.ts'
import { cachedChain } from './chain.ts'
import type { Configurations } from './configurations.ts'
import type { Store } from './stores.ts'

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
  /** Which container holds an address for the longest time, and since when, nanoseconds since the epoch. */
  oldest?: { container: string; address: string; since: bigint }
}

/** The use of all ranges; of networks with one name the first configuration counts. A configuration that is wrong is left out. */
export function rangesOf(configurations: Configurations, stores: readonly Store[]): RangeUse[] {
  const byDirectory = new Map(stores.map((store) => [store.directory, store]))
  return sectionsOf(configurations).flatMap(({ network, file, ipam }) => {
    const directory = `${typeof ipam.dataDir === 'string' ? ipam.dataDir : defaultDataDir}/${network}`
    return setsOf(ipam).map((set) => ({
      ...{ network, directory, file, range: formatRangeSet(set), total: capacity(set) },
      ...useOf(set, byDirectory.get(directory)),
    }))
  })
}

interface Section {
  network: string
  file: string
  ipam: Record<string, unknown>
}

function sectionsOf({ cached, configured }: Configurations): Section[] {
  const files = configured.map(({ file, network, raw }) => ({ file, network, sections: [raw.ipam] }))
  const entries = cached.map((one) => ({
    file: one.file,
    network: one.network,
    sections: cachedChain(one).plugins.map(({ ipam }) => ipam),
  }))
  const first = new Map<string, string>()
  return [...files, ...entries].flatMap(({ file, network, sections }) => {
    if (!first.has(network)) first.set(network, file)
    if (first.get(network) !== file) return []
    return sections.flatMap(hostLocalIn).map((ipam) => ({ network, file, ipam }))
  })
}

/** ipam-list has sections in a section. */
function hostLocalIn(section: unknown): Record<string, unknown>[] {
  const ipam = typeof section === 'string' ? jsonIn(section) : section
  if (!isObject(ipam)) return []
  if (Array.isArray(ipam.list)) return ipam.list.flatMap(hostLocalIn)
  return typeof ipam.type === 'string' && ipam.type.includes('host-local') ? [ipam] : []
}

/** @returns nothing for ranges that ADD refuses, too */
function setsOf(ipam: Record<string, unknown>): readonly RangeSet[] {
  try {
    const raw = config.canonical({ cniVersion: '1.0.0', name: 'x', type: 'x', ipam })
    return rangeSets(config.parse(raw, silent))
  } catch (error) {
    if (error instanceof CniError) return []
    throw error
  }
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
