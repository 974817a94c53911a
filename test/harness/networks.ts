/** The networks that most tests use, with addresses from host-local. */

import { type Network, network } from './cnitool.ts'
import type { Configuration } from './plugin.ts'

/** A host-local section with a range per subnet. */
export function hostLocal(...subnets: string[]): Configuration {
  return { type: 'host-local', ranges: subnets.map((subnet) => [{ subnet }]) }
}

let networks = 0

/** A new bridge network: by default with numbered name, bridge and subnets of both families. */
export function bridgeNetwork(keys: Record<string, unknown> = {}, cniVersion?: string): Network {
  const number = ++networks
  const ipam = hostLocal(`10.${number}.0.0/24`, `fd00:${number}::/64`)
  return network(`net${number}`, { type: 'bridge', bridge: `br${number}`, ipam, ...keys }, cniVersion)
}

/** A new ptp network, like `bridgeNetwork`. */
export function ptpNetwork(keys: Record<string, unknown> = {}, cniVersion?: string): Network {
  const number = ++networks
  const ipam = hostLocal(`10.${number}.0.0/24`, `fd00:${number}::/64`)
  return network(`net${number}`, { type: 'ptp', ipam, ...keys }, cniVersion)
}

/** A new wire network, like `bridgeNetwork`. */
export function wireNetwork(keys: Record<string, unknown> = {}, cniVersion?: string): Network {
  const number = ++networks
  const ipam = hostLocal(`10.${number}.0.0/24`, `fd00:${number}::/64`)
  return network(`net${number}`, { type: 'wire', ipam, ...keys }, cniVersion)
}

/** The configuration as a plugin gets it from a runtime, for direct calls. */
export function single({ plugins, name, cniVersion }: Network, more: Record<string, unknown> = {}) {
  const [plugin] = plugins
  return { ...(plugin as Configuration), name, cniVersion, ...more }
}
