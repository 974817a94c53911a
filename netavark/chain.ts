/** The plugins of one container's interface, in their order: the interface's own, then portmap, then firewall. */

import type { Plugin, Registry } from '../shared/cni/plugin.ts'
import type { Place } from './call.ts'
import {
  firewallConfiguration,
  interfaceConfiguration,
  portConfiguration,
  type Raw,
} from './configuration.ts'
import { driverPlugin } from './driver.ts'
import type { Attachment } from './input.ts'

/** A plugin, and its configuration for the container. */
export interface Link {
  plugin: Plugin
  configuration: Raw
}

/**
 * @param isRemoval portmap and firewall find what they made by the container's name, whatever podman says of ports and subnets now
 * @throws CniError of code 7
 */
export async function chainOf(
  attachment: Attachment,
  registry: Registry,
  isRemoval = false,
): Promise<Link[]> {
  const { network, network_options, port_mappings } = attachment
  const plugin = await driverPlugin(network.driver, registry)
  const wishes = { ...network_options, port_mappings }
  const others = {
    portmap: isRemoval || port_mappings?.length ? portConfiguration(network, wishes) : undefined,
    firewall: firewallConfiguration(plugin, network, isRemoval),
  }
  const chain = [{ plugin, configuration: interfaceConfiguration(plugin, network, wishes) }]
  for (const [name, configuration] of Object.entries(others)) {
    const load = registry[name]
    if (configuration && load) chain.push({ plugin: await load(), configuration })
  }
  return chain
}

/** Where the container's interface is. */
export function placeOf({ container_id, network_options }: Attachment, netns: string): Place {
  return { containerID: container_id, netns, ifname: network_options.interface_name }
}
