/** The networks that most tests use: with addresses from host-local, and the examples. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { examplesDirectory } from '../../scripts/example.ts'
import { type Network, network } from './cnitool.ts'
import type { Configuration } from './plugin.ts'

/** An example of `conf-examples`: `10-bridge.conflist`. */
export function exampleNetwork(file: string): Network {
  return JSON.parse(readFileSync(join(examplesDirectory, file), 'utf8'))
}

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
