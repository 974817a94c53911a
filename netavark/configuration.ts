/** A podman network as configurations of the plugins that make it. */

import type { Plugin } from '../shared/cni/plugin.ts'
import { newest } from '../shared/cni/version.ts'
import { allocatorOf, ipamOf } from './addresses.ts'
import { interfaceKey } from './drivers.ts'
import type { Attachment, Network, PortMapping } from './input.ts'
import { parentKey } from './option-keys.ts'
import { valuesOf } from './options.ts'

/** What podman says of one container; nothing of it is known when the network is created. */
type Wishes = Partial<Pick<Attachment, 'port_mappings'> & Attachment['network_options']>

/** A configuration as a runtime would hand it to a plugin. */
export type Raw = Record<string, unknown>

/** The configuration of the interface plugin. @throws CniError of code 7 */
export function interfaceConfiguration(plugin: Plugin, network: Network, wishes: Wishes = {}): Raw {
  const { shape } = plugin.config
  const { parent, own } = optionsOf(plugin, network, wishes)
  const ips = wishes.static_ips ?? []
  return withoutAbsent({
    ...routedByDefault(shape, network),
    ...interfaceOf(plugin.name, network.network_interface || parent),
    ...own,
    ...identity(plugin.name, network),
    ipam: ipamOf(network, own.ipam, ips),
    runtimeConfig: withoutAbsent({
      mac: wishes.static_mac,
      ips: allocatorOf(network, own.ipam) === undefined ? undefined : ips,
    }),
  })
}

/** The options of a network and of its container, as values; those of the container count more. */
export function optionsOf({ config }: Plugin, network: Network, wishes: Wishes = {}) {
  const { [parentKey]: parent, ...options } = { ...network.options, ...wishes.options }
  return { parent, own: valuesOf(options, config.shape) }
}

/** The configuration of portmap. */
export function portConfiguration(network: Network, { port_mappings = [] }: Wishes): Raw {
  return {
    ...identity('portmap', network),
    runtimeConfig: { portMappings: port_mappings.flatMap(mappingsOf) },
  }
}

function identity(type: string, { name }: Network): Raw {
  return { cniVersion: newest, name, type }
}

/** As podman's own bridge: the host is the gateway, and masquerades unless the network is internal. */
function routedByDefault(shape: Plugin['config']['shape'], { internal, subnets = [] }: Network): Raw {
  if (subnets.every(({ gateway }) => gateway === undefined)) return {}
  return {
    ...('isGateway' in shape && { isGateway: true }),
    ...('ipMasq' in shape && { ipMasq: !internal }),
  }
}

function interfaceOf(plugin: string, name: string | undefined): Raw {
  const key = interfaceKey(plugin)
  return key && name ? { [key]: name } : {}
}

/** podman joins several protocols by commas. */
function mappingsOf({ container_port, host_port, host_ip, protocol, range }: PortMapping): object[] {
  return protocol.split(',').map((one) =>
    withoutAbsent({
      containerPort: container_port,
      hostPort: host_port,
      hostIP: host_ip || undefined,
      protocol: one,
      range: range > 1 ? range : undefined,
    }),
  )
}

function withoutAbsent(raw: Raw): Raw {
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined))
}

/** The configuration of firewall, where the host routes for the containers; undefined elsewhere. */
export function firewallConfiguration(plugin: Plugin, network: Network, isRemoval: boolean): Raw | undefined {
  if (!('ipMasq' in plugin.config.shape)) return undefined
  const allocator = allocatorOf(network, optionsOf(plugin, network).own.ipam)
  const hasAddresses = (network.subnets ?? []).length > 0 || allocator !== undefined
  return hasAddresses || isRemoval ? identity('firewall', network) : undefined
}
