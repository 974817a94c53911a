/** host-local: addresses from ranges of this host, each reserved by a file. */

import type { Plugin } from '../../cni/plugin.ts'
import type { Ip, Result } from '../../cni/result.ts'
import { CniError, Code } from '../../error/error.ts'
import { type Address, formatAddress } from '../../ip/address.ts'
import { parseCidr } from '../../ip/subnet.ts'
import { fileClock, now, sleep } from '../../kernel/clock.ts'
import { amongValid } from '../../state/valid.ts'
import { formatRangeSet, type RangeSet, rangeAround } from '../range.ts'
import { checkReservations } from './check.ts'
import { writeRanges } from './clashes.ts'
import { config, defaultDataDir, graceOf, type HostLocalConfig, rangeSets } from './config.ts'
import { formerStores } from './former.ts'
import { netnsOf } from './netns.ts'
import { directoryOf, explained, hasStore, makeStore, withAll, withStore } from './open.ts'
import { isHeldBy, isSince, type Reservation, reservations } from './records.ts'
import {
  dnsFor,
  type HostLocalRequest,
  requestedAddresses,
  stickyKey,
  stickyKeyIfAny,
  warnOfIgnoredKeys,
} from './request.ts'
import { assignRequested, type SetRequest } from './requested.ts'
import { type Claim, reserveAll, withDrafts } from './reserve.ts'
import { requireReady } from './status.ts'
import { isParked, releaseExpired, releaseOrPark, syncSticky } from './sticky.ts'
import { heldBy, type Store } from './store.ts'

export const hostLocal: Plugin<HostLocalConfig> = {
  name: 'host-local',
  summary: 'gives addresses from ranges of this host and records them in files',
  config,
  args: ['IP', 'STICKY_KEY', 'K8S_POD_NAMESPACE', 'K8S_POD_NAME'],
  add,
  del,
  check: (request) => checkReservations(storeOf(request), request),
  status: requireReady,
  gc,
}

/** DEL and GC read the configuration leniently: any key may be absent. */
function storeOf({ config, network }: HostLocalRequest): string {
  return directoryOf(config.ipam?.dataDir ?? defaultDataDir, network)
}

function add(request: HostLocalRequest): Result {
  const { ipam } = request.config
  const sets = rangeSets(request.config)
  const setRequests = assignRequested(sets, requestedAddresses(request), ipam.allowOutsideRange)
  const sticky = stickyKey(request)
  const dns = dnsFor(request)
  warnOfIgnoredKeys(request)
  const { containerID, ifname } = request
  const claim = {
    holder: { containerID, ifname },
    details: { netns: netnsOf(request.netns), sticky },
    grace: graceOf(request.config),
    avoid: request.avoid ?? [],
  }
  const addresses = reserveInTime(request, setRequests, claim)
  writeRanges(storeOf(request), request.segment, sets)
  return {
    interfaces: [],
    ips: sets.map((set, at) => toIp(set, addresses[at])),
    routes: ipam.routes ?? [],
    dns,
  }
}

const PAUSE_MILLISECONDS = 200

/** Retries for `ipam.wait` seconds while a range set is full. */
function reserveInTime(
  request: HostLocalRequest,
  setRequests: readonly SetRequest[],
  claim: Claim,
): Address[] {
  const until = now() + request.config.ipam.wait * 1000
  for (;;) {
    try {
      return reserveOnce(request, setRequests, claim)
    } catch (error) {
      const isFull = error instanceof CniError && error.code === Code.TryAgainLater
      if (!isFull || now() + PAUSE_MILLISECONDS > until) throw error
      sleep(PAUSE_MILLISECONDS)
    }
  }
}

function reserveOnce(request: HostLocalRequest, setRequests: readonly SetRequest[], claim: Claim): Address[] {
  const directory = storeOf(request)
  return explained(directory, () => {
    makeStore(directory)
    const addresses = withDrafts(directory, setRequests, claim, (drafts) =>
      withStore(directory, request.log, (store) => reserveAll(store, setRequests, drafts, claim)),
    )
    if (claim.details.sticky !== undefined) syncSticky(directory, claim.holder, request.log)
    return addresses
  })
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

/** Releases all addresses of the attachment. Needs neither ranges nor the container's namespace. */
function del(request: HostLocalRequest): void {
  const directory = storeOf(request)
  if (releaseIn(directory, request) > 0) return
  for (const former of formerStores(directory, request)) releaseIn(former, request)
}

/** @returns how many addresses were released */
function releaseIn(directory: string, request: HostLocalRequest): number {
  if (!hasStore(directory)) return 0
  const given = (request.prevResult?.ips ?? []).flatMap(({ address }) => parseCidr(address)?.address ?? [])
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
 * Releases every address that no valid attachment holds. Parked addresses are released only after their grace time. A record
 * made since GC began, in the same tick of the clock or later, is kept: it is newer than the list of valid attachments.
 */
function gc(request: HostLocalRequest): void {
  const begun = fileClock()
  const directory = storeOf(request)
  const { validAttachments, log, config } = request
  if (!hasStore(directory)) return
  withAll(directory, log, (store, all) => {
    const isValid = amongValid(validAttachments)
    const isStale = (one: Reservation) => !isParked(one) && !isValid(one)
    const stale = all.filter((one) => isStale(one) && !isSince(directory, one, begun))
    for (const { file, containerID } of stale) log.info(`${file} was held by ${containerID}, which is gone`)
    releaseOrParkAll(store, stale)
    if (stale.length > 0 || all.some(isParked)) releaseExpired(store, graceOf(config))
  })
}
