/** The error of a range set without a free address: how full it is, the oldest holders, and the command that lists all. */

import { CniError, Code } from '../../error/error.ts'
import type { Address } from '../../ip/address.ts'
import { plus } from '../../ip/subnet.ts'
import { allocate } from '../allocate.ts'
import { capacity, formatRangeSet, type RangeSet } from '../range.ts'
import { type Reservation, reservationOf } from './records.ts'
import { ageOf } from './sticky.ts'
import { lastReserved, type Store } from './store.ts'

/** How many of the oldest holders are named, and how many records are read to find them. */
const NAMED = 3
const LOOKED_AT = 64

/** @param index the set's number among all sets */
export function exhausted(store: Store, index: number, set: RangeSet): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `failed to allocate for range ${index}: no IP addresses available in range set: ${formatRangeSet(set)}, widen it or wait`,
    details: fullness(store, index, set),
    hint: `wait for a container to be deleted, widen the range, or run GC; list the holders: grep -r . ${store.directory}`,
  })
}

/** How full a set without a free address is, and its oldest holders. */
export function fullness(store: Store, index: number, set: RangeSet): string {
  const total = capacity(set)
  const oldest = oldestHolders(store, set, lastReserved(store, index))
  const names = oldest.map(({ file, containerID, age }) => `${file} by ${containerID} for ${formatAge(age)}`)
  return `${total} of ${total} addresses are used; the oldest: ${names.join(', ')}`
}

interface Aged extends Reservation {
  /** Seconds. */
  age: number
}

/**
 * The oldest holders of a set's addresses. Allocation is round robin, so the next addresses in its order are the oldest:
 * only their records are read.
 */
function oldestHolders(store: Store, set: RangeSet, last?: Address): Aged[] {
  const aged = following(set, last).flatMap((address) => {
    const reservation = reservationOf(store.directory, address)
    return reservation ? { ...reservation, age: ageOf(store, reservation) } : []
  })
  return aged.sort((one, other) => other.age - one.age).slice(0, NAMED)
}

/** The next addresses in the order of allocation. */
function following(set: RangeSet, last?: Address): Address[] {
  const found: Address[] = []
  const next = (from: Address, to: Address) => {
    for (let at = from; at.value <= to.value && found.length < LOOKED_AT; at = plus(at, 1n)) found.push(at)
    return undefined
  }
  allocate(set, next, last)
  return found
}

/** An age in words: `3 min`. */
export function formatAge(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`
}
