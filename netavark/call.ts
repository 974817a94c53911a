/** Calls a verb of a plugin in this process, with the checks and the answer that a runtime would get. */

import { environment } from '#engine'
import type { Command, Plugin, Registry, Request } from '../shared/cni/plugin.ts'
import { recordOf } from '../shared/cni/recorded.ts'
import { type Call, makeRequest } from '../shared/cni/request.ts'
import type { Result } from '../shared/cni/result.ts'
import { verbOf } from '../shared/cni/verbs.ts'
import { newest } from '../shared/cni/version.ts'
import { networkName } from '../shared/config/names.ts'
import { printed, toCniError } from '../shared/error/error.ts'
import { silent, stderrLog } from '../shared/error/log.ts'
import type { Raw } from './configuration.ts'

/** A container's interface; without one for STATUS. */
export interface Place {
  containerID: string
  netns: string
  ifname: string
}

/** The place of a call that is for no container. */
export const noPlace: Place = { containerID: '', netns: '', ifname: '' }

/** What an ADD answers, in the newest version. Lists without entries are left out. */
export type Answer = Partial<Result>

/** Calls a verb. @throws CniError, KernelError as the plugin's verb does */
export async function callPlugin(
  command: Command,
  plugin: Plugin,
  configuration: Raw,
  place: Place,
  registry: Registry,
): Promise<Answer> {
  const env = { ...environment(), ...variables(command, place) }
  const call = { env, log: stderrLog(plugin.name) }
  const record = await recordOf(plugin, call, configuration)
  try {
    const { log } = record ?? call
    const request = await requestOf(command, plugin, configuration, place, { registry, log })
    // podman listens on the published ports, and after it conmon.
    const answer = await verbOf(command)(plugin, { ...request, portsKept: true }, {})
    record?.end()
    return (answer ?? {}) as Answer
  } catch (error) {
    const reported = toCniError(error)
    record?.end({ code: reported.code, ...printed(reported) })
    throw error
  }
}

function variables(command: Command, { containerID, ifname }: Place): Record<string, string> {
  return { CNI_COMMAND: command, CNI_CONTAINERID: containerID, CNI_IFNAME: ifname }
}

/** Validates the call of a verb that will be made. @throws CniError of code 4 or 7 */
export async function validateCall(
  plugin: Plugin,
  configuration: Raw,
  place: Place,
  registry: Registry,
): Promise<void> {
  await requestOf('ADD', plugin, configuration, place, { registry, log: silent })
}

function requestOf(
  command: Command,
  plugin: Plugin,
  configuration: Raw,
  place: Place,
  more: Pick<Call, 'registry' | 'log'>,
): Promise<Request> {
  const raw = plugin.config.canonical(configuration)
  const input = JSON.stringify(raw)
  const source = { ...place, command, path: [], network: networkName(raw), cniVersion: newest, raw, input }
  return makeRequest(plugin, { env: {}, read: () => input, ...more }, source)
}
