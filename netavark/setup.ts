/** `setup`: attaches a container, all or nothing. */

import type { Registry } from '../shared/cni/plugin.ts'
import { type Answer, callPlugin, type Place } from './call.ts'
import { chainOf, type Link, placeOf } from './chain.ts'
import { readAttachment } from './input.ts'
import { validatePlace } from './place.ts'
import { statusBlock } from './status-block.ts'
import { remove } from './teardown.ts'

/**
 * Makes the container's interface and its ports. After a failure nothing of them is left: netavark does not tear down what failed.
 * @param raw the container and its network, as podman wrote them
 * @returns netavark's StatusBlock
 * @throws CniError, KernelError of the step that failed
 */
export async function setup(
  raw: Record<string, unknown>,
  netns: string,
  registry: Registry,
): Promise<object> {
  const attachment = readAttachment(raw)
  const place = placeOf(attachment, netns)
  validatePlace(place)
  const chain = await chainOf(attachment, registry)
  try {
    return statusBlock(await add(chain, place, registry), attachment)
  } catch (error) {
    await remove(chain, place, registry, attachment.network).catch(() => {})
    throw error
  }
}

/** Each plugin gets the answer of those before it. */
async function add(chain: readonly Link[], place: Place, registry: Registry): Promise<Answer> {
  let answer: Answer | undefined
  for (const { plugin, configuration } of chain) {
    const prevResult = answer && { prevResult: answer }
    answer = await callPlugin('ADD', plugin, { ...configuration, ...prevResult }, place, registry)
  }
  return answer ?? {}
}
