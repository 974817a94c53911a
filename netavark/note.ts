/** podman has no cache as libcni has: a container is noted until its teardown, so that `patchbay gc` knows one that left no other record. */

import { stderrLog } from '../shared/error/log.ts'
import { noted } from '../shared/state/noted.ts'
import type { Place } from './call.ts'

const containers = noted('netavark')

/** Notes a container that was set up. */
export function noteContainer(network: string, place: Place): void {
  attempt(() => containers.note({ network, ...place }))
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
