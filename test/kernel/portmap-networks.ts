/** Networks with portmap in their list, and calls of portmap alone, for its tests. */

import type * as cnitool from '../harness/cnitool.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import type { Call, Configuration } from '../harness/plugin.ts'
import { ruleset } from './firewall-containers.ts'

/** Entries of `portMappings`. */
export type Mappings = Record<string, unknown>[]

/** A mapping of TCP; the mirror listens on port 7000. */
export const tcp = (hostPort: number, containerPort = 7000) => ({ hostPort, containerPort, protocol: 'tcp' })

type Keys = Record<string, unknown>

/** A bridge and portmap. @param keys of portmap @param bridge further keys of the bridge */
export function withPorts(keys: Keys = {}, cniVersion = '1.0.0', bridge: Keys = {}): cnitool.Network {
  const net = bridgeNetwork({ isDefaultGateway: true, ...bridge }, cniVersion)
  return {
    ...net,
    plugins: [...net.plugins, { type: 'portmap', capabilities: { portMappings: true }, ...keys }],
  }
}

/** The capability of an ADD. */
export const asking = (...portMappings: Mappings) => ({ capabilities: { portMappings } })

/** What is there of our tables. */
export const left = () => ruleset().filter(({ table }) => table?.name === 'patchbay')

/** ADD of portmap alone, after a plugin that has given the container these addresses. @param keys of the configuration */
export function portmapAdd(
  container: { containerID: string; netns: string },
  addresses: string[],
  portMappings: Mappings,
  keys: Record<string, unknown> = {},
): Call & { config: Configuration } {
  const prevResult = {
    cniVersion: '1.0.0',
    interfaces: [{ name: 'eth0', sandbox: container.netns }],
    ips: addresses.map((address) => ({ address, interface: 0 })),
  }
  const common = { type: 'portmap', name: 'trouble', cniVersion: '1.0.0', prevResult }
  return { verb: 'ADD', config: { ...common, runtimeConfig: { portMappings }, ...keys }, ...container }
}

/** The containers and their chains that are in rules of any table. */
export const traces = () => JSON.stringify(ruleset()).match(/cnitool-\w+|CNI-DN-\w+/g) ?? []
