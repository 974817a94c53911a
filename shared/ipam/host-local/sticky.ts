/**
 * Parked addresses: kept after DEL for the next container with the same sticky key. DEL rewrites the reservation to a holder
 * made of that key, which is not a valid container ID. The file stays, so the reference does not give the address either.
 */

import type { Log } from '../../error/log.ts'
import { wallClock } from '../../kernel/clock.ts'
import { sync } from '../../kernel/durable.ts'
import { KernelError } from '../../kernel/errno.ts'
import { stat } from '../../kernel/stat.ts'
import { placesOf } from './attachments.ts'
import { entryName } from './entries.ts'
import { indexRoot } from './index.ts'
import { type Holder, type Reservation, readRecord } from './records.ts'
import { filesOf, heldBy, release, replace, type Store } from './store.ts'

/** A container ID has no colon. */
const prefix = 'sticky:'

function placeholder(key: string, ifname: string): Holder {
  return { containerID: prefix + key, ifname }
}

/** Whether an address is kept for a later container. */
export function isParked({ containerID }: Reservation): boolean {
  return containerID.startsWith(prefix)
}

/** The key of the container for which an address is kept; undefined for an address that a container holds. */
export function parkedKey(reservation: Reservation): string | undefined {
  return isParked(reservation) ? reservation.containerID.slice(prefix.length) : undefined
}

/** The addresses kept for a container with this sticky key. */
export function parkedFor(store: Store, key: string, ifname: string): Reservation[] {
  return heldBy(store, placeholder(key, ifname))
}

/**
 * Parks an address of a deleted container if the container has a sticky key, and releases it otherwise.
 * @param fallback the sticky key to use when the index has none: the index may have been lost
 */
export function releaseOrPark(store: Store, reservation: Reservation, fallback?: string): void {
  const key = store.index.entry(entryName(reservation))?.sticky ?? fallback
  const { ifname } = reservation
  if (key === undefined || ifname === undefined) release(store, reservation)
  else park(store, reservation, placeholder(key, ifname))
}

/** When the new record cannot be written (disk full), the address is released. */
function park(store: Store, reservation: Reservation, holder: Holder): void {
  try {
    replace(store, reservation, holder, {})
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    store.log.warn(`${reservation.file} cannot be kept for ${holder.containerID}: ${error.message}`)
    release(store, reservation)
  }
}

/**
 * Brings to disk what keeps a container's addresses over a power loss: the names of its records, and the entry, which alone has the key.
 * The order is that of the changes. When it fails, the container has its addresses all the same.
 */
export function syncSticky(directory: string, holder: Holder, log: Log): void {
  const entry = placesOf(indexRoot(directory), entryName(holder))
  try {
    for (const path of [`${directory}/.`, ...entry]) sync(path)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    log.warn(`addresses of ${holder.containerID} may not be kept over a power loss: ${error.message}`)
  }
}

/** Releases a parked address when its grace time (seconds) is over. */
export function releaseIfExpired(store: Store, reservation: Reservation, grace: number): void {
  if (isExpired(store, reservation, grace)) release(store, reservation)
}

function isExpired(store: Store, reservation: Reservation, grace: number): boolean {
  return isParked(reservation) && ageOf(store, reservation) >= grace
}

/** Seconds since a record was written. */
export function ageOf({ directory }: Pick<Store, 'directory'>, { file }: Reservation): number {
  const written = stat(`${directory}/${file}`)?.mtime ?? 0n
  return Number(wallClock() - written) / 1e9
}

/** Releases all parked addresses whose grace time (seconds) is over. @returns whether there were any */
export function releaseExpired(store: Store, grace: number): boolean {
  const found = expired(store, grace)
  for (const reservation of found) release(store, reservation)
  return found.length > 0
}

/** All parked addresses whose grace time (seconds) is over. */
export function expired(store: Store, grace: number): Reservation[] {
  const files = store.index.names(prefix).flatMap((name) => filesOf(store, name))
  const parked = files.flatMap((file) => readRecord(store.directory, file) ?? [])
  return parked.filter((reservation) => isExpired(store, reservation, grace))
}
