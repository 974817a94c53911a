/** Changes to a network's reservations, in the reference's files and in the index beside them, and questions to both. */

import type { Log } from '../../cni/log.ts'
import { type Address, formatAddress, parseAddress } from '../../ip/address.ts'
import type { Draft } from '../../kernel/draft.ts'
import { KernelError } from '../../kernel/errno.ts'
import { readFileIfAny, remove, writeFile } from '../../kernel/files.ts'
import { overwrite } from '../../kernel/in-place.ts'
import { type Entry, entryName } from './entries.ts'
import type { Index } from './index.ts'
import { type Holder, isHeldBy, type Reservation, readRecord, recordOf, timeOf } from './records.ts'

/** A network's reservations, with the lock held. */
export interface Store {
  directory: string
  index: Index
  log: Log
}

/** What is to be known of an attachment besides who it is. */
export type Details = Pick<Entry, 'netns' | 'sticky'>

type Held = Reservation & Holder

/**
 * Reserves an address: it is recorded whole, or not at all.
 * @param draft the holder's record
 * @returns false when it is taken
 */
export function reserve(store: Store, draft: Draft, reservation: Held, details: Details): boolean {
  if (!draft.publish(`${store.directory}/${reservation.file}`)) return false
  noting(store, () => remember(store, reservation, details))
  return true
}

/** Puts a holder in the place of another. */
export function replace(
  store: Store,
  old: Reservation,
  { containerID, ifname }: Holder,
  details: Details,
): void {
  const reservation = { ...old, containerID, ifname }
  writeFile(`${store.directory}/${old.file}`, recordOf(reservation))
  noting(store, () => {
    forget(store, old)
    remember(store, reservation, details)
  })
}

function remember({ directory, index }: Store, reservation: Held, details: Details): void {
  const name = entryName(reservation)
  const time = timeOf(directory, reservation)
  const addresses = { ...index.entry(name)?.addresses, [reservation.file]: time }
  index.mark(reservation.address, true)
  index.setEntry(name, { ...details, addresses })
}

/** Releases an address; nothing happens when it is free. */
export function release(store: Store, reservation: Reservation): void {
  remove(`${store.directory}/${reservation.file}`)
  noting(store, () => forget(store, reservation))
}

/** The records count: when the index cannot follow, it is made anew. */
function noting({ index }: Store, action: () => void): void {
  try {
    action()
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    index.doubt()
  }
}

function forget({ index }: Store, reservation: Reservation): void {
  const name = entryName(reservation)
  const entry = index.entry(name)
  index.mark(reservation.address, false)
  if (!entry) return
  const { [reservation.file]: _, ...addresses } = entry.addresses
  index.setEntry(name, Object.keys(addresses).length > 0 ? { ...entry, addresses } : undefined)
}

/**
 * What a holder has: the index says where to look, the records have the word.
 * @param hints addresses to look at as well
 */
export function heldBy(store: Store, holder: Holder, hints: readonly Address[] = []): Reservation[] {
  const names = [entryName(holder), entryName({ containerID: holder.containerID })]
  const files = new Set([...names.flatMap((name) => filesOf(store, name)), ...hints.map(formatAddress)])
  const reservations = [...files].flatMap((file) => readRecord(store.directory, file) ?? [])
  return reservations.filter((reservation) => isHeldBy(reservation, holder))
}

/** The records that an entry speaks of. */
export function filesOf({ index }: Store, name: string): string[] {
  return Object.keys(index.entry(name)?.addresses ?? {})
}

/** The address that was given last from the set of this index, if that is known. */
export function lastReserved({ directory }: Store, set: number): Address | undefined {
  return parseAddress(readFileIfAny(`${directory}/last_reserved_ip.${set}`)?.trim() ?? '')
}

/** It may be lost: then the walk begins at the first address again. */
export function rememberLast({ directory }: Store, set: number, address: string): void {
  overwrite(`${directory}/last_reserved_ip.${set}`, address)
}
