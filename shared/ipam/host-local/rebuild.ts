/**
 * Makes the index anew from the reference's files: after a boot, and when somebody else changed them. Containers of an
 * earlier boot cannot exist any more; what they held is found here.
 */

import type { Log } from '../../cni/log.ts'
import { tolerate } from '../../kernel/errno.ts'
import { readDirectory, removeTree } from '../../kernel/files.ts'
import { readEntries } from './attachments.ts'
import { type Entry, entryName } from './entries.ts'
import { type Index, indexHome, newIndex } from './index.ts'
import { type Netns, netnsOf } from './netns.ts'
import { type Reservation, sweep, timeOf } from './records.ts'
import { isParked } from './sticky.ts'

export interface Rebuilt {
  index: Index
  all: Reservation[]
  /** Held by containers that ended with an earlier boot. */
  dead: Reservation[]
}

/** Called with the lock held. */
export function rebuild(directory: string, root: string, log: Log): Rebuilt {
  const known = readEntries(root)
  const earlier = earlierEntries(directory, root)
  const index = newIndex(directory, root)
  const all = sweep(directory, log)
  const dead = all.filter((reservation) => {
    const name = entryName(reservation)
    const time = timeOf(directory, reservation)
    const now = describing(known.get(name), reservation, time)
    const before = describing(earlier.get(name), reservation, time)
    const { netns, sticky } = index.entry(name) ?? now ?? before ?? {}
    const addresses = { ...index.entry(name)?.addresses, [reservation.file]: time }
    index.mark(reservation.address, true)
    index.setEntry(name, { netns, sticky, addresses })
    return !now && before && !isParked(reservation) && !isAlive(before.netns)
  })
  return { index, all, dead }
}

/** An entry that is about this very record, not an earlier one of the same address and attachment. */
function describing(entry: Entry | undefined, { file }: Reservation, time: string): Entry | undefined {
  return entry?.addresses[file] === time ? entry : undefined
}

/** Whether a container's namespace is still what it was. One that we know nothing of ended with its boot. */
function isAlive(netns: Netns | undefined): boolean {
  return netns !== undefined && netnsOf(netns.path)?.inode === netns.inode
}

const bootPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The indexes of earlier boots; none when it is not known which boot this is. */
function earlierRoots(directory: string, root: string): string[] {
  const home = indexHome(directory)
  const present = root.slice(home.length + 1)
  if (!bootPattern.test(present)) return []
  const boots = (tolerate(() => readDirectory(home), 'ENOENT', 'ENOTDIR') ?? []).map(({ name }) => name)
  return boots.filter((name) => bootPattern.test(name) && name !== present).map((name) => `${home}/${name}`)
}

function earlierEntries(directory: string, root: string): Map<string, Entry> {
  return new Map(earlierRoots(directory, root).flatMap((earlier) => [...readEntries(earlier)]))
}

/** Forgets earlier boots, once what was left of them is dealt with. */
export function forgetEarlierBoots(directory: string, root: string): void {
  for (const earlier of earlierRoots(directory, root)) tolerate(() => removeTree(earlier), 'EROFS', 'EACCES')
}
