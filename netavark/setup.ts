/** `setup`: attaches a container, all or nothing. */

import type { Registry } from '../shared/cni/plugin.ts'
import { stderrLog } from '../shared/error/log.ts'
import { validateAddresses } from './addresses.ts'
import { type Answer, callPlugin, type Place, validateCall } from './call.ts'
import { chainOf, type Link, placeOf } from './chain.ts'
import { optionsOf } from './configuration.ts'
import { driverPlugin } from './driver.ts'
import { type Attachment, readAttachment } from './input.ts'
import { noteContainer } from './note.ts'
import { refuseReserved } from './option-keys.ts'
import { validatePlace } from './place.ts'
import { statusBlock } from './status-block.ts'
import { remove } from './teardown.ts'

/**
 * Makes the container's interface and its ports. After a failure nothing of them is left: netavark does not tear down what failed.
 * @param raw the container and its network, as podman wrote them
 * @param answer takes netavark's StatusBlock; a failure of it counts, since netavark takes a driver without an answer for failed
 * @throws CniError, KernelError of the step that failed
 */
export async function setup(
  raw: Record<string, unknown>,
  netns: string,
  registry: Registry,
  answer: (block: object) => void,
): Promise<void> {
  const attachment = readAttachment(raw)
  const place = placeOf(attachment, netns)
  validatePlace(place)
  await validateOptions(attachment, registry)
  const chain = await chainOf(attachment, registry)
  // The first is validated by its own ADD. The others run when there is an interface already.
  for (const { plugin, configuration } of chain.slice(1))
    await validateCall(plugin, configuration, place, registry)
  const made: Link[] = []
  try {
    answer(statusBlock(await add(chain, place, registry, made), attachment))
    noteContainer(attachment.network.name, place)
  } catch (error) {
    await remove(made, place, registry, attachment.network).catch(warn)
    throw error
  }
}

/** The options of a container come with no `create`: they must neither rename its interface nor bring a second allocator. */
async function validateOptions({ network, network_options }: Attachment, registry: Registry): Promise<void> {
  refuseReserved({ ...network.options, ...network_options.options })
  const plugin = await driverPlugin(network.driver, registry)
  validateAddresses(network, optionsOf(plugin, network, network_options).own.ipam)
}

/** Each plugin gets the answer of those before it. @param made the links whose ADD succeeded: one that fails undoes its own steps itself */
async function add(chain: readonly Link[], place: Place, registry: Registry, made: Link[]): Promise<Answer> {
  let answer: Answer | undefined
  for (const link of chain) {
    const prevResult = answer && { prevResult: answer }
    const configuration = { ...link.configuration, ...prevResult }
    answer = await callPlugin('ADD', link.plugin, configuration, place, registry)
    made.push(link)
  }
  return answer ?? {}
}

/** The error of the step that failed is the answer; one of its undo is only logged. */
function warn(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  stderrLog('netavark').warn(`undo after a failed setup: ${reason}`)
}
