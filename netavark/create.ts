/** `create`: validates a network for podman, and completes it. */

import type { Registry } from '../shared/cni/plugin.ts'
import { CniError, Code } from '../shared/error/error.ts'
import { validateAddresses } from './addresses.ts'
import { callPlugin, noPlace } from './call.ts'
import { interfaceConfiguration, optionsOf } from './configuration.ts'
import { driverPlugin } from './driver.ts'
import { hostInterface } from './host-interface.ts'
import { readNetwork } from './input.ts'
import { refuseReserved, refuseUnknown } from './option-keys.ts'
import { withOwnBridge } from './own-bridge.ts'

/**
 * Validates a network, and asks the plugin's STATUS whether it can be made here.
 * @param raw the network, as podman wrote it
 * @returns the network for podman to keep
 * @throws CniError
 */
export async function create(raw: Record<string, unknown>, registry: Registry): Promise<object> {
  const given = readNetwork(raw)
  validateName(given.name)
  refuseReserved(given.options)
  const plugin = await driverPlugin(given.driver, registry)
  const network = withOwnBridge(plugin.name, given, hostInterface(plugin, given))
  validateAddresses(network, optionsOf(plugin, network).own.ipam)
  await callPlugin('STATUS', plugin, interfaceConfiguration(plugin, network), noPlace, registry)
  refuseUnknown(given.options, plugin)
  const { network_interface } = network
  // aardvark serves no names for drivers outside of netavark.
  return { ...raw, ...(network_interface && { network_interface }), dns_enabled: false }
}

/** A directory of records may have the network's name (NAME_MAX). */
const longestName = 255

function validateName(name: string): void {
  if (Buffer.byteLength(name) <= longestName) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `the network's name has more than ${longestName} bytes`,
    hint: 'give it a shorter one',
  })
}
