/**
 * What a container's own interfaces were like before they became members: a record below `/run`, which a reboot empties
 * as it does the kernel. It is there before anything is changed, so a DEL after a crash finds it.
 */

import type { Attachment } from '../cni/plugin.ts'
import { makeDirectory, readFileIfAny, remove, writeFile } from '../kernel/files.ts'
import type { LinkState } from './link-state.ts'
import { hashedName } from './names.ts'

const records = '/run/patchbay/lent'

export function rememberLent(attachment: Attachment, states: LinkState[]): void {
  makeDirectory(records)
  writeFile(recordOf(attachment), JSON.stringify(states))
}

/** Nothing when there is no record, or it is damaged. */
export function lentOf(attachment: Attachment): LinkState[] {
  try {
    return JSON.parse(readFileIfAny(recordOf(attachment)) ?? '[]')
  } catch {
    return []
  }
}

export function forgetLent(attachment: Attachment): void {
  remove(recordOf(attachment))
}

function recordOf({ network, containerID, ifname }: Attachment): string {
  return `${records}/${hashedName('', `${network}/${containerID}/${ifname}`)}`
}
