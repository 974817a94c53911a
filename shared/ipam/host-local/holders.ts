/** Who holds the addresses of a network, for the operator's command line. */

import { readEntries } from './attachments.ts'
import { entryName } from './entries.ts'
import { indexRoot } from './index.ts'
import { isStillThere } from './netns.ts'
import { type Reservation, reservations, timeOf } from './records.ts'
import { isParked } from './sticky.ts'

/** An address that a container holds. */
export interface Held extends Reservation {
  /** The container's namespace, and whether it is still the one that ADD found there. The reference does not keep it. */
  netns?: { path: string; inode: string; isThere: boolean }
}

/** The addresses that containers hold. Those that are kept for a later container are left out. Takes no lock. @throws KernelError */
export function heldIn(directory: string): Held[] {
  const entries = readEntries(indexRoot(directory))
  return reservations(directory)
    .filter((one) => !isParked(one))
    .map((one) => {
      const { netns, addresses = {} } = entries.get(entryName(one)) ?? {}
      const time = timeOf(directory, one)
      // Another time: the reference has written the record anew, perhaps for a container that came back.
      const isKnown = netns && addresses[one.file] === time
      return isKnown ? { ...one, netns: { ...netns, isThere: isStillThere(netns, time) } } : one
    })
}
