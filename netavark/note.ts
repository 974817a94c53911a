/** podman has no cache as libcni has: a container is noted until its teardown, so that `patchbay gc` knows one that left no other record. */

import type { Attachment } from '../shared/cni/plugin.ts'
import { stderrLog } from '../shared/error/log.ts'
import { stat } from '../shared/kernel/stat.ts'
import type { Recorded } from '../shared/state/former.ts'
import { type Note, noted } from '../shared/state/noted.ts'
import type { Place } from './call.ts'

const containers = noted('netavark')

/** Notes a container that was set up, and the inode of its namespace. */
export function noteContainer(network: string, place: Place): void {
  attempt(() => containers.note({ network, ...place }, stat(place.netns)?.inode.toString()))
}

/** The containers that were set up and not torn down. */
export const notedContainers = {
  all: () => containers.all().map(withInode),
  find: (attachment: Attachment) => {
    const note = containers.find(attachment)
    return note && withInode(note)
  },
}

function withInode({ more, ...container }: Note): Recorded & { inode?: string } {
  return { ...container, inode: more || undefined }
}

/** The inverse, for one that was torn down. */
export function forgetContainer(network: string, place: Place): void {
  attempt(() => containers.forget({ network, ...place }))
}

/** The container's network works without the note, and gc repeats what was done: a failure is a warning. */
function attempt(change: () => void): void {
  try {
    change()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    stderrLog('netavark').warn(`the note for patchbay gc: ${reason}`)
  }
}
