/**
 * The bridge of a network that names none. netavark does not call a driver when a network is removed, so the bridge goes with the last
 * container, as that of podman's own networks does.
 */

import { hostSocket } from '../shared/attachment/sides.ts'
import { removeUnusedBridge } from '../shared/link/bridge.ts'
import { withLinkLock } from '../shared/state/lock.ts'
import type { Network } from './input.ts'

/** Completes a network that needs a bridge: two networks on one bridge would share its segment and its gateway. */
export function withOwnBridge(plugin: string, network: Network): Network {
  if (plugin !== 'bridge' || network.network_interface || network.options?.bridge) return network
  return { ...network, network_interface: ownBridge(network) }
}

/** Removes the bridge of a network, if it is its own, and no container is left. @throws KernelError */
export function removeOwnBridge(network: Network): void {
  const name = ownBridge(network)
  if (network.network_interface === name) withLinkLock(name, () => removeUnusedBridge(hostSocket(), name))
}

/** 15 bytes, as long as a name may be. */
function ownBridge({ id }: Network): string {
  return `podman${id.slice(0, 9)}`
}
