/** What the plugin tuning has changed, later in the list: its file with the former values says it. The reference's writes the MTU to no result. */

import type { Attachment } from '../cni/plugin.ts'
import { isObject, parseJson } from '../config/json.ts'
import { readOwnIfAny } from '../kernel/regular.ts'

/** The reference's default of tuning's key `dataDir`, which other plugins are not given. */
export const tuningDirectory = '/run/cni/tuning'

/** The file of an attachment, with the reference's name. */
export function tuningFile(
  { containerID, ifname }: Omit<Attachment, 'network'>,
  directory = tuningDirectory,
): string {
  return `${directory}/${containerID}_${ifname}.json`
}

/** Whether tuning has changed a setting of the container's interface: `mtu`, `mac`, `promisc`, `txQLen`. */
export function isTuned(attachment: Attachment, setting: string): boolean {
  return Object.hasOwn(tuningState(tuningFile(attachment)) ?? {}, setting)
}

/** What a file of tuning says; undefined when there is none, or it is damaged. @throws KernelError when it cannot be read */
export function tuningState(file: string): Record<string, unknown> | undefined {
  const text = readOwnIfAny(file)?.toString()
  if (text === undefined) return undefined
  try {
    const state = parseJson(text, 'the file of tuning')
    return isObject(state) ? state : undefined
  } catch {
    return undefined
  }
}
