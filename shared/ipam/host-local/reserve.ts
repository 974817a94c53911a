/** ADD's one critical section: an address from each range set, or none at all. */

import { CniError, Code } from '../../cni/error.ts'
import { type Address, formatAddress, sameAddress } from '../../ip/address.ts'
import { plus } from '../../ip/subnet.ts'
import { type Draft, draftFile } from '../../kernel/draft.ts'
import { allocate, type FirstFree } from '../allocate.ts'
import { formatRangeSet, type RangeSet, rangeOf } from '../range.ts'
import { exhausted } from './exhausted.ts'
import { type Holder, type Reservation, recordOf, reservationOf } from './records.ts'
import { evict, evictAll, leave, parkedFor } from './sticky.ts'
import {
  type Details,
  heldBy,
  lastReserved,
  release,
  rememberLast,
  replace,
  reserve,
  type Store,
} from './store.ts'
import type { Wish } from './wishes.ts'

/** Who wants addresses, and what is to be known of it. */
export interface Claim {
  holder: Holder
  details: Details
  /** Seconds for which addresses are kept for containers that come back. */
  grace: number
  /** Addresses that it cannot use. */
  avoid: readonly string[]
}

/** Writes the records to be before the lock is taken: bringing them to disk is what takes longest. */
export function withDrafts<T>(
  directory: string,
  wishes: readonly Wish[],
  holder: Holder,
  action: (drafts: readonly Draft[]) => T,
): T {
  const drafts: Draft[] = []
  try {
    for (const _ of wishes) drafts.push(draftFile(directory, recordOf(holder)))
    return action(drafts)
  } finally {
    for (const draft of drafts) draft.close()
  }
}

/**
 * Reserves an address for every wish. When one cannot be had, those already reserved are given back.
 * @throws CniError of code 11 when an address is taken or a set has none left
 */
export function reserveAll(
  store: Store,
  wishes: readonly Wish[],
  drafts: readonly Draft[],
  claim: Claim,
): Address[] {
  const { holder, details } = claim
  const held = heldBy(store, holder)
  const kept = details.sticky === undefined ? [] : parkedFor(store, details.sticky, holder.ifname)
  const parked = kept.filter(({ file }) => !claim.avoid.includes(file))
  const undo: (() => void)[] = []
  try {
    return wishes.map((wish, index) => {
      refuseDuplicate(wish, held, holder)
      const own = parked.find((one) => satisfies(one, wish))
      const address = own?.address ?? reserveNew(store, index, wish, drafts[index] as Draft, claim)
      const mine = { address, file: formatAddress(address), ...holder }
      if (own) replace(store, own, holder, details)
      undo.push(() => (own ? leave(store, mine) : release(store, mine)))
      rememberLast(store, index, mine.file)
      return address
    })
  } catch (error) {
    for (const inverse of undo.reverse()) inverse()
    throw error
  }
}

function satisfies({ address }: Reservation, { set, address: wanted }: Wish): boolean {
  return wanted ? sameAddress(address, wanted) : rangeOf(set, address) !== undefined
}

/** Whoever asks for an address by name may hold several; whoever does not gets one per set. */
function refuseDuplicate({ set, address }: Wish, held: readonly Reservation[], holder: Holder): void {
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
  { set, address }: Wish,
  draft: Draft,
  claim: Claim,
): Address {
  if (address) return reserveRequested(store, set, address, draft, claim)
  for (;;) {
    const found = nextFree(store, index, set, claim)
    if (!found) throw exhausted(store, index, set)
    if (reserveAt(store, found, draft, claim)) return found
    // Somebody made the record without the lock: it is passed over, and read by the next call.
    store.index.mark(found, true)
    store.index.doubt()
  }
}

function reserveAt(store: Store, address: Address, draft: Draft, { holder, details }: Claim): boolean {
  return reserve(store, draft, { address, file: formatAddress(address), ...holder }, details)
}

/** The next address that nobody holds; when there is none, the grace of those who left may be over. */
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
  return next() ?? (evictAll(store, grace) ? next() : undefined)
}

function reserveRequested(
  store: Store,
  set: RangeSet,
  address: Address,
  draft: Draft,
  claim: Claim,
): Address {
  const holder = reservationOf(store.directory, address)
  if (holder) evict(store, holder, claim.grace)
  if (reserveAt(store, address, draft, claim)) return address
  throw new CniError(Code.TryAgainLater, {
    msg: `requested IP address ${formatAddress(address)} is not available in range set ${formatRangeSet(set)}: ask for another`,
    details: holder && `held by container ${holder.containerID}, interface ${holder.ifname ?? 'unknown'}`,
    hint: 'delete that container, or ask for another address',
  })
}
