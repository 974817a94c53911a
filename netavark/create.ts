/** `create`: validates a network for podman, and completes it. */

import type { Registry } from '../shared/cni/plugin.ts'
import { validateAddresses } from './addresses.ts'
import { callPlugin, noPlace } from './call.ts'
import { interfaceConfiguration } from './configuration.ts'
import { readNetwork } from './input.ts'
import { driverPlugin } from './plugin.ts'

/**
 * Validates a network and asks the plugin's STATUS whether it can be made here.
 * @param raw the network, as podman wrote it
 * @returns the network for podman to keep
 * @throws CniError
 */
export async function create(raw: Record<string, unknown>, registry: Registry): Promise<object> {
  const network = readNetwork(raw)
  const plugin = await driverPlugin(network.driver, registry)
  const { bridge, ipam } = network.options ?? {}
  const named =
    plugin.name === 'bridge' && !network.network_interface && !bridge
      ? { ...network, network_interface: bridgeOf(network.id) }
      : network
  validateAddresses(network, ipam)
  await callPlugin('STATUS', plugin, interfaceConfiguration(plugin, named), noPlace, registry)
  // aardvark serves no names for drivers outside of netavark.
  return {
    ...raw,
    ...(named !== network && { network_interface: named.network_interface }),
    dns_enabled: false,
  }
}

/** A bridge of the network's own: two networks on one bridge would share its segment and its gateway. */
function bridgeOf(id: string): string {
  return `podman${id.slice(0, 9)}`
}
