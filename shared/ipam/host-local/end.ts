/** DEL and GC: the addresses of one attachment, or of all that are not valid, become free or wait for their container. */

import { fileClock } from '../../kernel/clock.ts'
import { amongValid } from '../../state/valid.ts'
import { storeOf } from './add.ts'
import { givenAddresses } from './check.ts'
import { formerStores } from './former.ts'
import { isOfContainer } from './holder-kind.ts'
import { graceOf } from './keys.ts'
import { hasStore, withAll, withStore } from './open.ts'
import { isHeldBy, isSince, type Reservation, reservations } from './records.ts'
import { type ReservingRequest, stickyKeyIfAny } from './request.ts'
import { isParked, releaseExpired, releaseOrPark } from './sticky.ts'
import { heldBy, type Store } from './store.ts'

/** Releases all addresses of the attachment. Needs neither ranges nor the container's namespace. */
export function del(request: ReservingRequest): void {
  const directory = storeOf(request)
  if (releaseIn(directory, request) > 0) return
  for (const former of formerStores(directory, request)) releaseIn(former, request)
}

/** @returns how many addresses were released */
function releaseIn(directory: string, request: ReservingRequest): number {
  if (!hasStore(directory)) return 0
  const given = givenAddresses(request)
  const key = stickyKeyIfAny(request)
  try {
    return withStore(directory, request.log, (store) =>
      releaseOrParkAll(store, heldBy(store, request, given), key),
    )
  } catch (error) {
    // Another process may hold the lock, or no file may be written: no matter where nothing is to be released.
    if (reservations(directory).some((one) => isHeldBy(one, request))) throw error
    return 0
  }
}

/** Tries every reservation. @returns how many there were @throws the first failure, after all were tried */
function releaseOrParkAll(store: Store, held: readonly Reservation[], key?: string): number {
  const failures = held.flatMap((reservation) => {
    try {
      releaseOrPark(store, reservation, key)
      return []
    } catch (error) {
      return [error]
    }
  })
  if (failures.length > 0) throw failures[0]
  return held.length
}

/**
 * Releases every address that no valid attachment holds. Parked addresses are released only after their grace time, lent ones never. A record
 * made since GC began, in the same tick of the clock or later, is kept: it is newer than the list of valid attachments.
 */
export function gc(request: ReservingRequest): void {
  const begun = fileClock()
  const directory = storeOf(request)
  const { validAttachments, log, config } = request
  if (!hasStore(directory)) return
  withAll(directory, log, (store, all) => {
    const isValid = amongValid(validAttachments)
    const isStale = (one: Reservation) => isOfContainer(one) && !isValid(one)
    const stale = all.filter((one) => isStale(one) && !isSince(directory, one, begun))
    for (const { file, containerID } of stale) log.info(`${file} was held by ${containerID}, which is gone`)
    releaseOrParkAll(store, stale)
    if (stale.length > 0 || all.some(isParked)) releaseExpired(store, graceOf(config))
  })
}
