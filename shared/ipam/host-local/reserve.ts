/** ADD's critical section: reserves an address from each range set, or none. */

import { CniError, Code } from '../../error/error.ts'
import { type Address, formatAddress, sameAddress } from '../../ip/address.ts'
import { plus } from '../../ip/subnet.ts'
import { type Draft, draftFile } from '../../kernel/draft.ts'
import { allocate, type FirstFree } from '../allocate.ts'
import { formatRangeSet, type RangeSet, rangeOf } from '../range.ts'
import { exhausted } from './exhausted.ts'
import { type Holder, type Reservation, recordOf, reservationOf } from './records.ts'
import type { SetRequest } from './requested.ts'
import { parkedFor, releaseExpired, releaseIfExpired, releaseOrPark } from './sticky.ts'
import {
  type Details,
  heldBy,
  lastReserved,
  release,
  replace,
  reserve,
  type Store,
  writeLastReserved,
} from './store.ts'

/** The attachment that requests addresses, and the conditions. */
export interface Claim {
  holder: Holder
  details: Details
  /** Seconds that addresses of deleted containers are kept. */
  grace: number
  /** Addresses not to give: another machine on the segment has them. */
  avoid: readonly string[]
  /** The error of a range set without a free address. Default: how full it is. */
  full?(store: Store, index: number, set: RangeSet): CniError
}

/** Writes so many records as drafts before the lock is taken. A sticky one goes to disk, the others end with the boot. */
export function withDrafts<T>(
  directory: string,
  count: number,
  { holder, details }: Claim,
  action: (drafts: readonly Draft[]) => T,
): T {
  const drafts: Draft[] = []
  try {
    const isSticky = details.sticky !== undefined
    while (drafts.length < count) drafts.push(draftFile(directory, recordOf(holder), isSticky))
    return action(drafts)
  } finally {
    for (const draft of drafts) draft.close()
  }
}

/**
 * Reserves an address from every set. When one fails, the others are released.
 * @throws CniError of code 11 when a requested address is taken or a set has no free one
 */
export function reserveAll(
  store: Store,
  setRequests: readonly SetRequest[],
  drafts: readonly Draft[],
  claim: Claim,
): Address[] {
  const { holder, details } = claim
  const held = heldBy(store, holder)
  const kept = details.sticky === undefined ? [] : parkedFor(store, details.sticky, holder.ifname)
  const parked = kept.filter(({ file }) => !claim.avoid.includes(file))
  const undo: (() => void)[] = []
  try {
    return setRequests.map((setRequest, index) => {
      refuseDuplicate(setRequest, held, holder)
      const own = parked.find((one) => satisfies(one, setRequest))
      const address = own?.address ?? reserveNew(store, index, setRequest, drafts[index] as Draft, claim)
      const mine = { address, file: formatAddress(address), ...holder }
      if (own) replace(store, own, holder, details)
      undo.push(() => (own ? releaseOrPark(store, mine) : release(store, mine)))
      writeLastReserved(store, index, mine.file)
      return address
    })
  } catch (error) {
    for (const inverse of undo.reverse()) inverse()
    throw error
  }
}

function satisfies({ address }: Reservation, { set, address: requested }: SetRequest): boolean {
  return requested ? sameAddress(address, requested) : rangeOf(set, address) !== undefined
}

/** An attachment gets one address per set, unless it requests certain addresses. */
function refuseDuplicate({ set, address }: SetRequest, held: readonly Reservation[], holder: Holder): void {
  const already = address ? undefined : held.find((reservation) => rangeOf(set, reservation.address))
  if (!already) return
  const { containerID, ifname } = holder
  throw new CniError(Code.Internal, {
    msg: `${already.file} has been allocated to ${containerID}, duplicate allocation is not allowed: run DEL first`,
    hint: `run DEL of container ${containerID}, interface ${ifname}, before another ADD`,
  })
}

function reserveNew(
  store: Store,
  index: number,
  { set, address }: SetRequest,
  draft: Draft,
  claim: Claim,
): Address {
  if (address) return reserveRequested(store, set, address, draft, claim)
  for (;;) {
    const found = nextFree(store, index, set, claim)
    if (!found) throw (claim.full ?? exhausted)(store, index, set)
    if (reserveAt(store, found, draft, claim)) return found
    // Another program made the record without the lock: skip the address, and have the next call rebuild the index.
    store.index.mark(found, true)
    store.index.invalidate()
  }
}

function reserveAt(store: Store, address: Address, draft: Draft, { holder, details }: Claim): boolean {
  return reserve(store, draft, { address, file: formatAddress(address), ...holder }, details)
}

/** The next free address. When there is none, expired parked addresses are released, and the search is repeated. */
export function nextFree(
  store: Store,
  index: number,
  set: RangeSet,
  { grace, avoid }: Pick<Claim, 'grace' | 'avoid'>,
): Address | undefined {
  const usable: FirstFree = (from, to) => {
    const found = store.index.firstFree(from, to)
    return found && avoid.includes(formatAddress(found)) ? usable(plus(found, 1n), to) : found
  }
  const next = () => allocate(set, usable, lastReserved(store, index))
  return next() ?? (releaseExpired(store, grace) ? next() : undefined)
}

function reserveRequested(
  store: Store,
  set: RangeSet,
  address: Address,
  draft: Draft,
  claim: Claim,
): Address {
  const holder = reservationOf(store.directory, address)
  if (holder) releaseIfExpired(store, holder, claim.grace)
  if (reserveAt(store, address, draft, claim)) return address
  throw new CniError(Code.TryAgainLater, {
    msg: `requested IP address ${formatAddress(address)} is not available in range set ${formatRangeSet(set)}: ask for another`,
    details: holder && `held by container ${holder.containerID}, interface ${holder.ifname ?? 'unknown'}`,
    hint: 'delete that container, or request another address',
  })
}
