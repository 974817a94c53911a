/** STATUS: whether the next ADD can get addresses. */

import { CniError, Code, toCniError } from '../../error/error.ts'
import { draftFile } from '../../kernel/draft.ts'
import { allocate } from '../allocate.ts'
import { formatRangeSet, type RangeSet } from '../range.ts'
import { storeOf } from './add.ts'
import { type Clash, findClash } from './clashes.ts'
import { fullness } from './exhausted.ts'
import { graceOf } from './keys.ts'
import { explained, looking, makeStore } from './open.ts'
import type { ReservingRequest } from './request.ts'
import { expired } from './sticky.ts'
import { lastReserved, type Store } from './store.ts'

/**
 * Warns when a range set has no free address, since a DEL or GC may free one, and when another network gives the same addresses on the
 * same segment. Runtimes ask all the time, and an error makes the node NotReady.
 * @throws CniError of code 50 when no reservation can be written, or by `statusWhenFull`
 */
export function requireReady(request: ReservingRequest, sets: readonly RangeSet[]): void {
  const full = lookIn(request, (store) => firstFull(store, sets, graceOf(request.config)))
  if (full && request.config.ipam.statusWhenFull === 'fail') throw full
  if (full) request.log.warn(full.message)
  warnOfClash(request, sets)
}

/** Looks at the reservations, once it is sure that others can be written. @throws CniError of code 50 */
export function lookIn<T>(request: ReservingRequest, look: (store: Store) => T): T {
  const directory = storeOf(request)
  return tryStore(directory, () => looking(directory, request.log, look))
}

export function warnOfClash(request: ReservingRequest, sets: readonly RangeSet[]): void {
  const clash = findClash(storeOf(request), request.segment, sets)
  if (clash) request.log.warn(clashing(clash))
}

function firstFull(store: Store, sets: readonly RangeSet[], grace: number): CniError | undefined {
  const index = sets.findIndex((set, at) => isFull(store, at, set, grace))
  const set = sets[index]
  if (!set) return undefined
  return new CniError(Code.PluginNotAvailable, {
    msg: `no IP addresses available in range set: ${formatRangeSet(set)}`,
    details: fullness(store, index, set),
    hint: `widen the range, or run GC; list the holders: grep -r . ${store.directory}`,
  })
}

/** Whether a set has no free address. @param index the set's number among all sets @param grace seconds that addresses are kept */
export function isFull(store: Store, index: number, set: RangeSet, grace: number): boolean {
  return (
    !allocate(set, store.index.firstFree, lastReserved(store, index)) && expired(store, grace).length === 0
  )
}

function clashing({ directory, own, other }: Clash): string {
  return (
    `range ${own} clashes with ${other} of another network on the same segment: ${directory}: each may give an address that a container ` +
    'of the other has: divide the range between the two, or give both the same name; if the other network is not used, remove its directory'
  )
}

/** Checks that a file can be written to the directory, then runs the action. */
function tryStore<T>(directory: string, action: () => T): T {
  try {
    return explained(directory, () => {
      makeStore(directory)
      draftFile(directory, 'status').close()
      return action()
    })
  } catch (cause) {
    const { complaint } = toCniError(cause)
    const msg = `reservations cannot be kept in ${directory}: ${complaint.msg}`
    throw new CniError(Code.PluginNotAvailable, { ...complaint, msg, cause })
  }
}
