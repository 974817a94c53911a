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

/** A static section with these CIDRs. */
export function fixed(...cidrs: string[]): Configuration {
  return { type: 'static', addresses: cidrs.map((address) => ({ address })) }
}

let networks = 0

type Keys = Record<string, unknown>

/** A new network: by default with numbered name and subnets of both families. */
export function newNetwork(type: string, keys: Keys = {}, cniVersion?: string): Network {
  const number = ++networks
  const ipam = hostLocal(`10.${number}.0.0/24`, `fd00:${number}::/64`)
  return network(`net${number}`, { type, ipam, ...keys }, cniVersion)
}

/** A new bridge network: by default with a numbered bridge, too. */
export function bridgeNetwork(keys: Keys = {}, cniVersion?: string): Network {
  return newNetwork('bridge', { bridge: `br${networks + 1}`, ...keys }, cniVersion)
}

export function ptpNetwork(keys: Keys = {}, cniVersion?: string): Network {
  return newNetwork('ptp', keys, cniVersion)
}

export function wireNetwork(keys: Keys = {}, cniVersion?: string): Network {
  return newNetwork('wire', keys, cniVersion)
}

/** The configuration as a plugin gets it from a runtime, for direct calls. */
export function single({ plugins, name, cniVersion }: Network, more: Record<string, unknown> = {}) {
  const [plugin] = plugins
  return { ...(plugin as Configuration), name, cniVersion, ...more }
}
