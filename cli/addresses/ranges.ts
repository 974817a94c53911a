/** The ranges of addresses that the networks of this host have, by their configurations. */

import { nameWithin } from '../../shared/cni/name-within.ts'
import { isObject, jsonIn } from '../../shared/config/json.ts'
import { silent } from '../../shared/error/log.ts'
import { config, rangeSets } from '../../shared/ipam/host-local/config.ts'
import { defaultDataDir } from '../../shared/ipam/host-local/keys.ts'
import { directoryOf } from '../../shared/ipam/host-local/open.ts'
import { familySets } from '../../shared/ipam/pool/sets.ts'
import { formatRangeSet, type RangeSet } from '../../shared/ipam/range.ts'
import { compared } from '../form/sort.ts'
import type { Cached } from '../host/cache-entry.ts'
import { cachedChain } from '../host/chain.ts'
import type { Configurations } from '../host/configurations.ts'
import { dataDirsOf } from '../host/data-dirs.ts'
import { heldHere } from '../host/holdings.ts'
import { type LeftOut, trying } from '../host/left-out.ts'

/** A range set, and where its reservations are. */
export interface NetworkRange {
  network: string
  directory: string
  set: RangeSet
  /** The first file that has it: a configuration comes before a cache. */
  file: string
  /** The pool whose blocks they are: the network claims more when they are full. */
  pool?: string
}

type Raw = Record<string, unknown>

/** What may have a section of host-local: a plugin of a network, with what the runtime adds. */
interface Source {
  file: string
  network: string
  plugin: Raw
  ipRanges?: unknown
}

/** Each range set of each network once. What cannot be read is told and left out. */
export function rangesOf(configurations: Configurations, leftOut: LeftOut): NetworkRange[] {
  const ranges = sourcesOf(configurations).flatMap((source) =>
    sectionsIn(source.plugin.ipam).flatMap((ipam) =>
      trying(source.file, () => rangesIn(source, ipam), leftOut),
    ),
  )
  const all = [...ranges, ...heldRanges(dataDirsOf(configurations), leftOut)]
  const keyOf = ({ directory, set }: NetworkRange) => `${directory} ${formatRangeSet(set)}`
  const distinct = [...Map.groupBy(all, keyOf).values()].flatMap(([first]) => first ?? [])
  return distinct.sort((one, other) => compared(one.network, other.network))
}

/** The blocks that networks hold of pools: a set for each family. */
function heldRanges(dataDirs: readonly string[], leftOut: LeftOut): NetworkRange[] {
  const { networks } = heldHere(dataDirs, leftOut)
  return networks.flatMap(({ file, directory, holdings }) =>
    trying(file, () => familySets(holdings), leftOut)
      .filter(({ held }) => held.length > 0)
      .map(({ held: set }) => ({ network: holdings.network, directory, set, file, pool: holdings.pool })),
  )
}

/** All containers of a network have the same configuration in their caches, and only with ranges of their own it is read again. */
function sourcesOf({ cached, configured, podman }: Configurations): Source[] {
  const distinct = new Map(cached.map((one) => [sameRanges(one), one]))
  return [
    ...configured.map(({ file, network, raw }) => ({ file, network, plugin: raw })),
    ...[...distinct.values()].flatMap((one) =>
      cachedChain(one).plugins.map((plugin) => ({
        ...{ file: one.file, network: one.network, plugin },
        ipRanges: one.capabilities.ipRanges,
      })),
    ),
    ...podman.map((one) => {
      const { ipam } = isObject(one.options) ? one.options : {}
      const network = String(one.name)
      return {
        file: `/etc/containers/networks/${network}.json`,
        network,
        plugin: { ipam: jsonIn(String(ipam ?? '')) },
      }
    }),
  ]
}

/** A key that two entries with the same ranges have: the decoded configuration is one object for all that have its text. */
function sameRanges({ configuration, capabilities }: Cached): unknown {
  return capabilities.ipRanges === undefined ? configuration : capabilities
}

/** host-local's own section, or those in the list of ipam-list. */
export function sectionsIn(ipam: unknown): Raw[] {
  if (!isObject(ipam)) return []
  const type = String(ipam.type ?? '')
  if (nameWithin(type, ['host-local'])) return [ipam]
  return Array.isArray(ipam.list) ? ipam.list.flatMap(sectionsIn) : []
}

/** @throws CniError for ranges that ADD refuses */
function rangesIn({ file, network, ipRanges }: Source, ipam: Raw): NetworkRange[] {
  const raw = {
    cniVersion: '1.1.0',
    name: network,
    ipam,
    ...(ipRanges !== undefined && { runtimeConfig: { ipRanges } }),
  }
  const parsed = config.parseLeniently(config.canonical(raw), silent)
  const directory = directoryOf(parsed.ipam?.dataDir ?? defaultDataDir, network)
  return rangeSets(parsed).map((set) => ({ network, directory, set, file }))
}
