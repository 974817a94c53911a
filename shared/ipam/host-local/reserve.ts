/** ADD's one critical section: an address from each range set, or none at all. */

import { CniError, Code } from '../../cni/error.ts'
import type { Log } from '../../cni/log.ts'
import { type Address, formatAddress } from '../../ip/address.ts'
import { allocate } from '../allocate.ts'
import { capacity, formatRangeSet, type RangeSet, rangeOf, roleOf } from '../range.ts'
import {
  type Holder,
  isHeldBy,
  isReserved,
  lastReserved,
  type Reservation,
  release,
  rememberLast,
  reservationOf,
  reserve,
  reservedAddresses,
  sweep,
} from './store.ts'

/** A range set, and the address of it that was asked for. */
export interface Wish {
  set: RangeSet
  address?: Address
}

/**
 * Gives each requested address to the first set that has it and no other yet.
 * @throws CniError of code 7 when an address fits nowhere, or no container may have it
 */
export function assignWishes(sets: readonly RangeSet[], requested: readonly Address[]): Wish[] {
  const rest = [...requested]
  const wishes = sets.map((set) => {
    const at = rest.findIndex((address) => rangeOf(set, address))
    return at < 0 ? { set } : { set, address: rest.splice(at, 1)[0] }
  })
  if (rest.length > 0)
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `failed to allocate all requested IPs: ${rest.map(formatAddress).join(' ')}`,
      hint: `each range set gives one address: ${sets.map(formatRangeSet).join('; ')}`,
    })
  for (const wish of wishes) refuseSpecial(wish)
  return wishes
}

function refuseSpecial({ set, address }: Wish): void {
  const role = address && roleOf(set, address)
  if (!role) return
  const owner = role === 'gateway' ? "subnet's gateway" : `subnet's ${role} address`
  throw new CniError(Code.InvalidNetworkConfig, { msg: `requested ip ${formatAddress(address)} is ${owner}` })
}

/**
 * Reserves an address for every wish. When one cannot be had, those already reserved are released again.
 * Called with the store's lock held.
 * @throws CniError of code 11 when an address is taken or a set has none left
 */
export function reserveAll(directory: string, wishes: readonly Wish[], holder: Holder, log: Log): Address[] {
  const held = sweep(directory, log).filter((reservation) => isHeldBy(reservation, holder))
  const reserved: Address[] = []
  try {
    for (const [index, wish] of wishes.entries()) {
      refuseDuplicate(wish, held, holder)
      const address = reserveOne(directory, index, wish, holder)
      reserved.push(address)
      rememberLast(directory, index, address)
    }
    return reserved
  } catch (error) {
    for (const address of reserved) release(directory, { file: formatAddress(address) })
    throw error
  }
}

/** Whoever asks for an address by name may hold several; whoever does not gets one per set. */
function refuseDuplicate({ set, address }: Wish, held: readonly Reservation[], holder: Holder): void {
  const already = address ? undefined : held.find((reservation) => rangeOf(set, reservation.address))
  if (!already) return
  const { containerID, ifname } = holder
  throw new CniError(Code.Internal, {
    msg: `${already.file} has been allocated to ${containerID}, duplicate allocation is not allowed`,
    hint: `run DEL of container ${containerID}, interface ${ifname}, before another ADD`,
  })
}

function reserveOne(directory: string, index: number, { set, address }: Wish, holder: Holder): Address {
  const found = address ?? nextFree(directory, index, set)
  if (!found) throw exhausted(directory, index, set)
  if (!reserve(directory, found, holder)) throw notAvailable(directory, found, set)
  return found
}

/** How many files are asked for one by one before the whole directory is listed. */
const PROBES = 16

/** The next address without a file. */
function nextFree(directory: string, index: number, set: RangeSet): Address | undefined {
  let probes = 0
  let listed: Set<string> | undefined
  const taken = (address: Address) => {
    if (probes++ < PROBES) return isReserved(directory, address)
    listed ??= new Set(reservedAddresses(directory).map(formatAddress))
    return listed.has(formatAddress(address))
  }
  return allocate(set, taken, lastReserved(directory, index))
}

function exhausted(directory: string, index: number, set: RangeSet): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `failed to allocate for range ${index}: no IP addresses available in range set: ${formatRangeSet(set)}`,
    details: `${used(directory, set)} of ${capacity(set)} addresses are used`,
    hint: `wait for a container to leave, widen the range, or run GC; who holds what: grep -r . ${directory}`,
  })
}

/** How many addresses of a set are taken. */
export function used(directory: string, set: RangeSet): number {
  const givable = (address: Address) => rangeOf(set, address) && !roleOf(set, address)
  return reservedAddresses(directory).filter(givable).length
}

function notAvailable(directory: string, address: Address, set: RangeSet): CniError {
  const holder = reservationOf(directory, address)
  return new CniError(Code.TryAgainLater, {
    msg: `requested IP address ${formatAddress(address)} is not available in range set ${formatRangeSet(set)}`,
    details: holder && `held by container ${holder.containerID}, interface ${holder.ifname ?? 'unknown'}`,
    hint: 'delete that container, or ask for another address',
  })
}
