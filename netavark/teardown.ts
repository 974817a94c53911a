/** `teardown`: removes what `setup` made, whether or not the namespace is still there. */

import type { Registry } from '../shared/cni/plugin.ts'
import { runAll } from '../shared/error/steps.ts'
import { callPlugin, type Place } from './call.ts'
import { chainOf, type Link, placeOf } from './chain.ts'
import { type Attachment, type Network, readAttachmentLeniently } from './input.ts'
import { forgetContainer } from './note.ts'
import { removeOwnBridge } from './own-bridge.ts'
import { validatePlace } from './place.ts'

/**
 * Removes a container's interface and its ports; what is absent counts as done.
 * @param raw the container and its network, as podman wrote them
 * @throws CniError of the first failure, with the others in `also`
 */
export async function teardown(
  raw: Record<string, unknown>,
  netns: string,
  registry: Registry,
): Promise<void> {
  const attachment = withoutAddresses(readAttachmentLeniently(raw))
  const place = placeOf(attachment, netns)
  validatePlace(place)
  await remove(await chainOf(attachment, registry, true), place, registry, attachment.network)
  forgetContainer(attachment.network.name, place)
}

/** DEL needs no addresses, and those of a network that was edited since may be in none of its subnets. */
function withoutAddresses(attachment: Attachment): Attachment {
  return { ...attachment, network_options: { ...attachment.network_options, static_ips: undefined } }
}

/** Removes the last first, and goes on after a failure. @throws as `teardown` */
export async function remove(
  chain: readonly Link[],
  place: Place,
  registry: Registry,
  network: Network,
): Promise<void> {
  const steps = chain.toReversed().map(
    ({ plugin, configuration }) =>
      () =>
        callPlugin('DEL', plugin, configuration, place, registry),
  )
  await runAll([...steps, () => removeOwnBridge(network)])
}
