/**
 * The bridge of a network that names none. netavark does not call a driver when a network is removed, so the bridge goes with the last
 * container, as that of podman's own networks does.
 */

import { hostSocket } from '../shared/attachment/sides.ts'
import { CniError, Code } from '../shared/error/error.ts'
import { removeUnusedBridge } from '../shared/link/bridge.ts'
import { withLinkLock } from '../shared/state/lock.ts'
import type { Network } from './input.ts'

/**
 * Completes a network that needs a bridge: two networks on one bridge would share its segment and its gateway.
 * @param named the bridge that the user named
 * @throws CniError of code 7 for an ID that names no bridge
 */
export function withOwnBridge(plugin: string, network: Network, named: unknown): Network {
  if (plugin !== 'bridge' || named) return network
  const network_interface = ownBridge(network)
  if (network_interface) return { ...network, network_interface }
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: "the network's id must have 64 hexadecimal digits",
    hint: 'podman gives each network one; or name a bridge by --interface-name',
  })
}

/** Removes the bridge of a network, if it is its own, and no container is left. @throws KernelError */
export function removeOwnBridge(network: Network): void {
  const name = ownBridge(network)
  if (name && network.network_interface === name)
    withLinkLock(name, () => removeUnusedBridge(hostSocket(), name))
}

/** 15 bytes, as long as a name may be. Undefined for an ID that is none of podman's. */
function ownBridge({ id }: Network): string | undefined {
  return /^[0-9a-f]{64}$/.test(id) ? `podman${id.slice(0, 9)}` : undefined
}
