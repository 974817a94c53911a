/**
 * Addresses that wait for their container to come back. When it leaves, its reservation is not released but passes to a
 * holder that no container can be: the name that it will come back under. So the reference, too, keeps off.
 */

import { wallClock } from '../../kernel/clock.ts'
import { KernelError } from '../../kernel/errno.ts'
import { stat } from '../../kernel/files.ts'
import { entryName } from './entries.ts'
import { type Holder, type Reservation, readRecord } from './records.ts'
import { filesOf, heldBy, release, replace, type Store } from './store.ts'

/** A container's ID has no colon. */
const prefix = 'sticky:'

function placeholder(key: string, ifname: string): Holder {
  return { containerID: prefix + key, ifname }
}

/** Whether an address waits for its container to come back. */
export function isParked({ containerID }: Reservation): boolean {
  return containerID.startsWith(prefix)
}

/** What is kept for a container that comes under this name. */
export function parkedFor(store: Store, key: string, ifname: string): Reservation[] {
  return heldBy(store, placeholder(key, ifname))
}

/**
 * Takes an address from a container that is gone: kept for it where it is to be, released otherwise.
 * @param fallback the name to keep it under where the index knows none: it may have been lost
 */
export function leave(store: Store, reservation: Reservation, fallback?: string): void {
  const key = store.index.entry(entryName(reservation))?.sticky ?? fallback
  const { ifname } = reservation
  if (key === undefined || ifname === undefined) release(store, reservation)
  else park(store, reservation, placeholder(key, ifname))
}

/** To be kept is less than to be given back: a full disk takes no new record. */
function park(store: Store, reservation: Reservation, holder: Holder): void {
  try {
    replace(store, reservation, holder, {})
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    store.log.warn(`${reservation.file} cannot be kept for ${holder.containerID}: ${error.message}`)
    release(store, reservation)
  }
}

/** Releases a parked address when its grace time (seconds) is over. @returns whether it was */
export function evict(store: Store, reservation: Reservation, grace: number): boolean {
  if (!isParked(reservation) || ageOf(store, reservation) < grace) return false
  release(store, reservation)
  return true
}

/** Seconds since a record was written. */
export function ageOf({ directory }: Pick<Store, 'directory'>, { file }: Reservation): number {
  const written = stat(`${directory}/${file}`)?.mtime ?? 0n
  return Number(wallClock() - written) / 1e9
}

/** Releases all whose grace time (seconds) is over. @returns whether there were any */
export function evictAll(store: Store, grace: number): boolean {
  const names = store.index.names(prefix)
  const files = names.flatMap((name) => filesOf(store, name))
  const parked = files.flatMap((file) => readRecord(store.directory, file) ?? [])
  return parked.filter((reservation) => evict(store, reservation, grace)).length > 0
}
