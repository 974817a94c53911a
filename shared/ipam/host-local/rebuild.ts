/**
 * Rebuilds the index from the reference's files: after a boot, and after another program changed them. Also finds the
 * addresses of containers of an earlier boot, which no longer exist.
 */

import { KernelError } from '../../kernel/errno.ts'
import { readDirectoryIfAny, removeTree } from '../../kernel/files.ts'
import { readEntries } from './attachments.ts'
import { type Entry, entryName } from './entries.ts'
import { isOfContainer } from './holder-kind.ts'
import { type Index, indexHome, newIndex } from './index.ts'
import { isStillThere } from './netns.ts'
import { type Reservation, reservations, timeOf } from './records.ts'

export interface Rebuilt {
  index: Index
  /** Held by containers of an earlier boot. */
  dead: Reservation[]
}

/** The index as `rebuild` would make it, to look at without the lock: nothing is changed on disk, and it must not be saved. */
export function unsavedIndex(directory: string, root: string): Index {
  const { index, dead } = rebuild(directory, root, reservations(directory))
  for (const { address } of dead) index.mark(address, false)
  return index
}

/** The index of these reservations, which are all. Nothing is changed on disk before it is saved. */
export function rebuild(directory: string, root: string, all: readonly Reservation[]): Rebuilt {
  const known = readEntries(root)
  const earlier = earlierEntries(directory, root)
  const index = newIndex(directory, root)
  const dead = all.filter((reservation) => {
    const name = entryName(reservation)
    const time = timeOf(directory, reservation)
    const now = describing(known.get(name), reservation, time)
    const before = describing(earlier.get(name), reservation, time)
    const { netns, sticky } = index.entry(name) ?? now ?? before ?? {}
    const addresses = { ...index.entry(name)?.addresses, [reservation.file]: time }
    index.mark(reservation.address, true)
    index.setEntry(name, { netns, sticky, addresses })
    return !now && before && isOfContainer(reservation) && !isAlive(before, time)
  })
  return { index, dead }
}

/** The entry, if it describes this record and not an earlier one of the same address and attachment. */
export function describing(entry: Entry | undefined, { file }: Reservation, time: string): Entry | undefined {
  return entry?.addresses[file] === time ? entry : undefined
}

/** Whether a container's namespace still exists. A container without a known namespace counts as ended. */
function isAlive({ netns }: Entry, written: string): boolean {
  return netns !== undefined && isStillThere(netns, written)
}

const bootPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The indexes of earlier boots; none when the present boot's ID is unknown. */
function earlierRoots(directory: string, root: string): string[] {
  const home = indexHome(directory)
  const present = root.slice(home.length + 1)
  if (!bootPattern.test(present)) return []
  const boots = readDirectoryIfAny(home).map(({ name }) => name)
  return boots.filter((name) => bootPattern.test(name) && name !== present).map((name) => `${home}/${name}`)
}

function earlierEntries(directory: string, root: string): Map<string, Entry> {
  return new Map(earlierRoots(directory, root).flatMap((earlier) => [...readEntries(earlier)]))
}

/**
 * Removes the indexes of earlier boots. Call it after their containers' addresses are released. One that cannot be removed, such as on a
 * damaged file system, does no harm: the next call that makes the index anew tries again.
 */
export function removeEarlierIndexes(directory: string, root: string): void {
  for (const earlier of earlierRoots(directory, root))
    try {
      removeTree(earlier)
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
    }
}
