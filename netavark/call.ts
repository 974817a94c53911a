/** Calls a verb of a plugin in this process, with the checks and the answer that a runtime would get. */

import type { Command, Plugin, Registry } from '../shared/cni/plugin.ts'
import { makeRequest } from '../shared/cni/request.ts'
import type { Result } from '../shared/cni/result.ts'
import { verbOf } from '../shared/cni/verbs.ts'
import { newest } from '../shared/cni/version.ts'
import { networkName } from '../shared/config/names.ts'
import { stderrLog } from '../shared/error/log.ts'
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
  const raw = plugin.config.canonical(configuration)
  const input = JSON.stringify(raw)
  const call = { env: {}, read: () => input, registry, log: stderrLog(plugin.name) }
  const source = { ...place, command, path: [], network: networkName(raw), cniVersion: newest, raw, input }
  const request = await makeRequest(plugin, call, source)
  // podman listens on the published ports, and after it conmon.
  return ((await verbOf(command)(plugin, { ...request, portsKept: true }, {})) ?? {}) as Answer
}
