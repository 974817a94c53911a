/** Who holds the addresses of a network, for the operator's command line. Takes no lock. */

import { readEntries, readEntry } from './attachments.ts'
import { type Entry, entryName } from './entries.ts'
import { isOfContainer } from './holder-kind.ts'
import { indexRoot } from './index.ts'
import type { Netns } from './netns.ts'
import { describing } from './rebuild.ts'
import { type Holder, isHeldBy, type Reservation, readRecord, reservations, timeOf } from './records.ts'

/** An address that a container holds. */
export interface Held extends Reservation {
  /** When the record was written, nanoseconds since the epoch. */
  written: string
  /** The container's namespace as ADD found it. The reference does not keep it. */
  netns?: Netns
}

/** All addresses that containers hold. Those that are kept for a later container, or lent to another host, are left out. @throws KernelError */
export function heldIn(directory: string): Held[] {
  return takenIn(directory).filter(isOfContainer)
}

/** The same, with those (`isOfContainer`). @throws KernelError */
export function takenIn(directory: string): Held[] {
  const entries = readEntries(indexRoot(directory))
  return reservations(directory).map((one) => describe(directory, one, entries.get(entryName(one))))
}

/** The addresses of one container's interface, as far as the index knows them. Costs the same however many there are. */
export function heldByOne(directory: string, holder: Holder): Held[] {
  const entry = readEntry(indexRoot(directory), entryName(holder))
  const records = Object.keys(entry?.addresses ?? {}).flatMap((file) => readRecord(directory, file) ?? [])
  return records.filter((one) => isHeldBy(one, holder)).map((one) => describe(directory, one, entry))
}

/** An entry with another time is that of an earlier record: the reference has written this one, perhaps for a container that came back. */
function describe(directory: string, one: Reservation, entry: Entry | undefined): Held {
  const written = timeOf(directory, one)
  return { ...one, written, netns: describing(entry, one, written)?.netns }
}
