/** What deletes an attachment of a container that has ended. */

import type { Attachment, Registry } from '../../shared/cni/plugin.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { chainOf, podmanNetwork } from './chain.ts'
import type { Configurations } from './configurations.ts'
import { isOurs, removeByPlugins } from './plugins.ts'

/** Deletes it. @throws CniError */
type Deletion = () => unknown

/**
 * @param netns where the container's namespace was
 * @returns undefined when none of the network's plugins is ours
 * @throws CniError when no file has the network
 */
export function deletionOf(
  attachment: Attachment,
  netns: string,
  configurations: Configurations,
  registry: Registry,
): Deletion | undefined {
  const chain = chainOf(attachment, configurations)
  if (chain?.plugins.some((plugin) => isOurs(plugin, registry)))
    return () => removeByPlugins(attachment, chain, registry)
  if (chain) return undefined
  const network = podmanNetwork(attachment, configurations)
  if (!network) throw noNetwork(attachment)
  return async () => {
    const { teardown } = await import('../../netavark/teardown.ts')
    await teardown(containerOf(attachment, network), netns, registry)
  }
}

/** As podman describes a container to a driver. */
function containerOf({ containerID, ifname }: Attachment, network: Record<string, unknown>) {
  return { container_id: containerID, network, network_options: { interface_name: ifname } }
}

function noNetwork({ network }: Attachment): CniError {
  return new CniError(Code.UnknownContainer, {
    msg: `no file has the network ${network} any more, so its plugins are not known`,
    hint: `write its configuration to /etc/cni/net.d again, run patchbay gc ${network}, and remove it`,
  })
}
