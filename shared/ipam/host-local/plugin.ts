/** host-local: addresses from ranges of this host, each recorded in a file. */

import { CniError, Code } from '../../cni/error.ts'
import type { Plugin } from '../../cni/plugin.ts'
import type { Ip, Result } from '../../cni/result.ts'
import { type Address, formatAddress } from '../../ip/address.ts'
import { parseCidr } from '../../ip/subnet.ts'
import { now, sleep, wallClock } from '../../kernel/clock.ts'
import { formatRangeSet, type RangeSet, rangeOf } from '../range.ts'
import { checkReservations } from './check.ts'
import { config, defaultDataDir, graceOf, type HostLocalConfig, rangeSets } from './config.ts'
import { announce } from './neighbours.ts'
import { netnsOf } from './netns.ts'
import { directoryOf, explaining, hasStore, makeStore, withAll, withStore } from './open.ts'
import { isHeldBy, isSince, type Reservation } from './records.ts'
import {
  dnsFor,
  type HostLocalRequest,
  requestedAddresses,
  stickyKey,
  stickyKeyIfAny,
  warnOfIdleKeys,
} from './request.ts'
import { type Claim, reserveAll, withDrafts } from './reserve.ts'
import { requireReady } from './status.ts'
import { evictAll, isParked, leave } from './sticky.ts'
import { heldBy, type Store } from './store.ts'
import { assignWishes, type Wish } from './wishes.ts'

export const hostLocal: Plugin<HostLocalConfig> = {
  name: 'host-local',
  summary: 'gives addresses from ranges of this host and remembers them in files',
  config,
  args: ['IP', 'STICKY_KEY', 'K8S_POD_NAMESPACE', 'K8S_POD_NAME'],
  add,
  del,
  check: (request) => checkReservations(storeOf(request), request),
  status: requireReady,
  gc,
}

/** A configuration that was read leniently may lack anything. */
function storeOf({ config, network }: HostLocalRequest): string {
  return directoryOf(config.ipam?.dataDir ?? defaultDataDir, network)
}

function add(request: HostLocalRequest): Result {
  const { ipam } = request.config
  const sets = rangeSets(request.config)
  const wishes = assignWishes(sets, requestedAddresses(request))
  const sticky = stickyKey(request)
  const dns = dnsFor(request)
  warnOfIdleKeys(request)
  const { containerID, ifname } = request
  const claim = {
    holder: { containerID, ifname },
    details: { netns: netnsOf(request.netns), sticky },
    grace: graceOf(request.config),
    avoid: request.avoid ?? [],
  }
  const addresses = reserveInTime(request, wishes, claim)
  announce(storeOf(request), request.segment, sets)
  return {
    interfaces: [],
    ips: sets.map((set, at) => toIp(set, addresses[at])),
    routes: ipam.routes ?? [],
    dns,
  }
}

const PAUSE_MILLISECONDS = 200

/** Where nothing is left, others may be about to leave: it is tried again for as long as the configuration says. */
function reserveInTime(request: HostLocalRequest, wishes: readonly Wish[], claim: Claim): Address[] {
  const until = now() + request.config.ipam.wait * 1000
  for (;;) {
    try {
      return reserveOnce(request, wishes, claim)
    } catch (error) {
      const isFull = error instanceof CniError && error.code === Code.TryAgainLater
      if (!isFull || now() + PAUSE_MILLISECONDS > until) throw error
      sleep(PAUSE_MILLISECONDS)
    }
  }
}

function reserveOnce(request: HostLocalRequest, wishes: readonly Wish[], claim: Claim): Address[] {
  const directory = storeOf(request)
  return explaining(directory, () => {
    makeStore(directory)
    return withDrafts(directory, wishes, claim.holder, (drafts) =>
      withStore(directory, request.log, (store) => reserveAll(store, wishes, drafts, claim)),
    )
  })
}

/** An address with the prefix and the gateway of the range that it is from. */
function toIp(set: RangeSet, address?: Address): Ip {
  const range = address && rangeOf(set, address)
  if (!range)
    throw new CniError(Code.Internal, {
      msg: `no address from range set ${formatRangeSet(set)}: try again`,
      hint: 'the configuration changed while the address was taken',
    })
  return {
    address: `${formatAddress(address)}/${range.subnet.prefix}`,
    gateway: formatAddress(range.gateway),
  }
}

/** Takes back all that the attachment holds; neither ranges nor the container's namespace are needed. */
function del(request: HostLocalRequest): void {
  const directory = storeOf(request)
  if (!hasStore(directory)) return
  const given = (request.prevResult?.ips ?? []).flatMap(({ address }) => parseCidr(address)?.address ?? [])
  const key = stickyKeyIfAny(request)
  withStore(directory, request.log, (store) => leaveAll(store, heldBy(store, request, given), key))
}

/** Takes all that can be taken. @throws the first failure, when all were tried */
function leaveAll(store: Store, held: readonly Reservation[], key?: string): void {
  const failures = held.flatMap((reservation) => {
    try {
      leave(store, reservation, key)
      return []
    } catch (error) {
      return [error]
    }
  })
  if (failures.length > 0) throw failures[0]
}

/**
 * Takes everything back that no valid attachment holds; what waits for its container to come back has its time. Who got an
 * address while GC waited for the lock is younger than the list of the valid.
 */
function gc(request: HostLocalRequest): void {
  const begun = wallClock()
  const directory = storeOf(request)
  const { validAttachments, log, config } = request
  if (!hasStore(directory)) return
  withAll(directory, log, (store, all) => {
    const isValid = (one: Reservation) => validAttachments.some((attachment) => isHeldBy(one, attachment))
    const stale = all.filter((one) => !isParked(one) && !isValid(one) && !isSince(directory, one, begun))
    for (const { file, containerID } of stale) log.info(`${file} was held by ${containerID}, which is gone`)
    leaveAll(store, stale)
    evictAll(store, graceOf(config))
  })
}
