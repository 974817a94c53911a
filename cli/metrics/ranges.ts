/** The ranges of addresses that this host's networks can give. */

import { nameWithin } from '../../shared/cni/name-within.ts'
import { isObject } from '../../shared/config/json.ts'
import { isIdentifier } from '../../shared/config/names.ts'
import { silent } from '../../shared/error/log.ts'
import { config, defaultDataDir, rangeSets } from '../../shared/ipam/host-local/config.ts'
import { capacity, formatRange, type Range } from '../../shared/ipam/range.ts'
import { cachedChain } from '../host/chain.ts'
import type { Configurations } from '../host/configurations.ts'

/** Addresses of a network. */
export interface NetworkRange {
  network: string
  /** Where host-local keeps who has which. */
  directory: string
  /** `10.1.0.1-10.1.0.254` */
  name: string
  range: Range
  /** How many it can give. */
  total: number
}

type Raw = Record<string, unknown>

/** All ranges, each once. A network that a file of /etc/cni/net.d has is read from there, another one from the caches. */
export function rangesOf({ configured, cached }: Configurations): NetworkRange[] {
  const files = configured.map(({ network, raw }) => ({ network, raw }))
  const known = new Set(files.map(({ network }) => network))
  const others = cached.filter(({ network }) => !known.has(network))
  const inCaches = others.flatMap((one) => {
    const { plugins, capabilities: runtimeConfig } = cachedChain(one)
    return plugins.map((plugin) => ({ network: one.network, raw: { ...plugin, runtimeConfig } }))
  })
  const sections = [...files, ...inCaches].filter(({ network }) => isIdentifier(network)).flatMap(sectionsOf)
  const distinct = new Map(sections.map((section) => [JSON.stringify(section), section]))
  const ranges = [...distinct.values()].flatMap(rangesIn)
  return [...new Map(ranges.map((one) => [`${one.directory} ${one.name}`, one])).values()]
}

interface Section {
  network: string
  ipam: Raw
  ipRanges?: unknown
}

/** The sections of type host-local; ipam-list has several. */
function sectionsOf({ network, raw }: { network: string; raw: Raw }): Section[] {
  const ipRanges = isObject(raw.runtimeConfig) ? raw.runtimeConfig.ipRanges : undefined
  const within = (ipam: unknown): Section[] => {
    if (!isObject(ipam)) return []
    if (Array.isArray(ipam.list)) return ipam.list.flatMap(within)
    return nameWithin(String(ipam.type), ['host-local']) ? [{ network, ipam, ipRanges }] : []
  }
  return within(raw.ipam)
}

/** None for a section that ADD would refuse. */
function rangesIn({ network, ipam, ipRanges }: Section): NetworkRange[] {
  const raw = { name: network, ipam, ...(ipRanges !== undefined && { runtimeConfig: { ipRanges } }) }
  try {
    const parsed = config.parseLeniently(config.canonical(raw), silent)
    const directory = `${parsed.ipam?.dataDir ?? defaultDataDir}/${network}`
    return rangeSets(parsed).flatMap((set) =>
      set.map((range) => ({
        ...{ network, directory, range, name: formatRange(range) },
        total: Number(capacity([range])),
      })),
    )
  } catch {
    return []
  }
}
