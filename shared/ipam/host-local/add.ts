/** ADD's frame: from the request to reserved addresses, and to the result. Where the range sets are from is the plugin's own. */

import type { Dns, Ip, Result } from '../../cni/result.ts'
import { CniError, Code } from '../../error/error.ts'
import { type Address, formatAddress } from '../../ip/address.ts'
import { now, sleep } from '../../kernel/clock.ts'
import type { Draft } from '../../kernel/draft.ts'
import type { Settled } from '../../kernel/lock.ts'
import { formatRangeSet, type RangeSet, rangeAround } from '../range.ts'
import { writeRanges } from './clashes.ts'
import { defaultDataDir, graceOf } from './keys.ts'
import { netnsOf } from './netns.ts'
import { directoryOf, explained, makeStore, withStore } from './open.ts'
import { type ReservingRequest, stickyKey } from './request.ts'
import { type Claim, withDrafts } from './reserve.ts'
import { syncSticky } from './sticky.ts'
import type { Store } from './store.ts'

/** The directory of a network's reservations. DEL and GC read the configuration leniently: any key may be absent. */
export function storeOf({ config, network }: ReservingRequest): string {
  return directoryOf(config.ipam?.dataDir ?? defaultDataDir, network)
}

/** @throws CniError of code 4 for an invalid sticky key */
export function claimOf(request: ReservingRequest): Claim {
  const { containerID, ifname, netns, avoid = [] } = request
  return {
    holder: { containerID, ifname },
    details: { netns: netnsOf(netns), sticky: stickyKey(request) },
    grace: graceOf(request.config),
    avoid,
  }
}

const PAUSE_MILLISECONDS = 200

/** Repeats an attempt for some seconds while a range set is full (code 11). */
export function inTime<T>(seconds: number, attempt: () => T): T {
  const until = now() + seconds * 1000
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      const isFull = error instanceof CniError && error.code === Code.TryAgainLater
      if (!isFull || now() + PAUSE_MILLISECONDS > until) throw error
      sleep(PAUSE_MILLISECONDS)
    }
  }
}

/**
 * Runs an action under the lock of the network's reservations, with so many records as drafts, and brings what it reserved to disk if it is
 * sticky.
 */
export function reserving<T>(
  request: ReservingRequest,
  claim: Claim,
  count: number,
  action: (store: Store, drafts: readonly Draft[]) => Settled<T>,
): T {
  const directory = storeOf(request)
  return explained(directory, () => {
    makeStore(directory)
    const done = withDrafts(directory, count, claim, (drafts) =>
      withStore<T>(directory, request.log, (store) => action(store, drafts)),
    )
    if (claim.details.sticky !== undefined) syncSticky(directory, claim.holder, request.log)
    return done
  })
}

/** Writes the ranges for STATUS of other networks, and makes the result. @param addresses one of each set */
export function resultOf(
  request: ReservingRequest,
  sets: readonly RangeSet[],
  addresses: readonly Address[],
  dns: Dns,
): Result {
  writeRanges(storeOf(request), request.segment, sets)
  return {
    interfaces: [],
    ips: sets.map((set, at) => toIp(set, addresses[at])),
    routes: request.config.ipam.routes ?? [],
    dns,
  }
}

/** An address with the prefix and the gateway of its range. */
function toIp(set: RangeSet, address?: Address): Ip {
  const range = address && rangeAround(set, address)
  if (!range)
    throw new CniError(Code.Internal, {
      msg: `no address from range set ${formatRangeSet(set)}: try again`,
      hint: 'the configuration changed while the address was taken',
    })
  return {
    address: `${formatAddress(address)}/${range.subnet.prefix}`,
    gateway: range.gateway && formatAddress(range.gateway),
  }
}
