/**
 * Reads and changes a network's reservations, in the reference's files and in the index beside them.
 *
 * A record is one of the reference's files, one for each address: records.ts reads them and removes those that a crash left
 * empty; all other changes are here. An entry is what the index knows of one attachment: entries.ts converts it to text and
 * back. index.ts reads and writes entries through attachments.ts: those of the time when the index was made are in one file
 * (base.ts), each later one is a symlink.
 */

import type { Log } from '../../error/log.ts'
import { type Address, formatAddress, parseAddress } from '../../ip/address.ts'
import type { Draft } from '../../kernel/draft.ts'
import { writeFile } from '../../kernel/durable.ts'
import { KernelError } from '../../kernel/errno.ts'
import { remove } from '../../kernel/files.ts'
import { overwrite } from '../../kernel/in-place.ts'
import { readOwnIfAny } from '../../kernel/regular.ts'
import { type Entry, entryName } from './entries.ts'
import type { Index } from './index.ts'
import { type Holder, isHeldBy, type Reservation, readRecord, recordOf, timeOf } from './records.ts'

/** A network's reservations. Valid while the lock is held. */
export interface Store {
  directory: string
  index: Index
  log: Log
}

/** What the index records of an attachment besides its addresses. */
export type Details = Pick<Entry, 'netns' | 'sticky'>

type Held = Reservation & Holder

/**
 * Reserves an address, atomically.
 * @param draft the holder's record
 * @returns false when the address is taken
 */
export function reserve(store: Store, draft: Draft, reservation: Held, details: Details): boolean {
  if (!draft.publish(`${store.directory}/${reservation.file}`)) return false
  updatingIndex(store, () => addToIndex(store, reservation, details))
  return true
}

/** Gives a reservation another holder. Only sticky addresses get one: a power loss must not leave them without. */
export function replace(
  store: Store,
  old: Reservation,
  { containerID, ifname }: Holder,
  details: Details,
): void {
  const reservation = { ...old, containerID, ifname }
  writeFile(`${store.directory}/${old.file}`, recordOf(reservation))
  updatingIndex(store, () => {
    removeFromIndex(store, old)
    addToIndex(store, reservation, details)
  })
}

function addToIndex({ directory, index }: Store, reservation: Held, details: Details): void {
  const name = entryName(reservation)
  const time = timeOf(directory, reservation)
  const addresses = { ...index.entry(name)?.addresses, [reservation.file]: time }
  index.mark(reservation.address, true)
  index.setEntry(name, { ...details, addresses })
}

/** Releases an address; does nothing when it is free. */
export function release(store: Store, reservation: Reservation): void {
  remove(`${store.directory}/${reservation.file}`)
  updatingIndex(store, () => removeFromIndex(store, reservation))
}

/** The records are changed already: when the index cannot be updated, the next call rebuilds it. */
function updatingIndex({ index }: Store, action: () => void): void {
  try {
    action()
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    index.invalidate()
  }
}

function removeFromIndex({ index }: Store, reservation: Reservation): void {
  const name = entryName(reservation)
  const entry = index.entry(name)
  index.mark(reservation.address, false)
  if (!entry) return
  const { [reservation.file]: _, ...addresses } = entry.addresses
  index.setEntry(name, Object.keys(addresses).length > 0 ? { ...entry, addresses } : undefined)
}

/**
 * The reservations of a holder. The index gives the candidates, their records decide.
 * @param hints further candidates
 */
export function heldBy(store: Store, holder: Holder, hints: readonly Address[] = []): Reservation[] {
  const names = [entryName(holder), entryName({ containerID: holder.containerID })]
  const files = new Set([...names.flatMap((name) => filesOf(store, name)), ...hints.map(formatAddress)])
  const reservations = [...files].flatMap((file) => readRecord(store.directory, file) ?? [])
  return reservations.filter((reservation) => isHeldBy(reservation, holder))
}

/** The records that an entry lists. */
export function filesOf({ index }: Store, name: string): string[] {
  return Object.keys(index.entry(name)?.addresses ?? {})
}

/** The address given last from a set, by the set's number; undefined when unknown. */
export function lastReserved({ directory }: Store, set: number): Address | undefined {
  return parseAddress(readOwnIfAny(`${directory}/last_reserved_ip.${set}`)?.toString().trim() ?? '')
}

/** Written without fsync: if it is lost, the search begins at the first address again. */
export function writeLastReserved({ directory }: Store, set: number, address: string): void {
  overwrite(`${directory}/last_reserved_ip.${set}`, address)
}
