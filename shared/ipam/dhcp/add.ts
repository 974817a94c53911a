/** ADD: the container's interface is set up, a server is asked through it, and the journal has the lease before the runtime has the answer. */

import type { Result } from '../../cni/result.ts'
import { now } from '../../kernel/clock.ts'
import { endWatch } from '../../netlink/router.ts'
import { type Asking, askerOf } from './asking.ts'
import { clientOf, type DhcpRequest } from './identity.ts'
import { type Entry, entryOf, journal } from './journal.ts'
import { takeEntry, withJournal } from './journal-changes.ts'
import { lease4 } from './lease4.ts'
import { lowerMtu, type Place, placeOf, restore, setUp, smallestMtu } from './link.ts'
import { giveBackFrom } from './release.ts'
import { answerOf, resultOf } from './result.ts'
import { withIpv6 } from './v6/add.ts'
import { type Listening, listen } from './v6/listening.ts'

/** All or nothing: when it fails, no lease is held, nothing is in the journal, and the interface is as it was. */
export function add(request: DhcpRequest): Result {
  const deadline = now() + request.config.ipam.timeout * 1000
  warnOfIgnored(request)
  const found = placeOf(request)
  const client = clientOf(request, found.link, found.mac)
  const listening = listen(found, request.config)
  try {
    const place = setUp(found, deadline - now())
    giveBackFormer(request, place)
    return answerOf(leased(request, place, askingOf(request, client, deadline), listening).given)
  } catch (error) {
    restore(found)
    throw error
  } finally {
    if (listening) endWatch(listening.watch)
  }
}

function warnOfIgnored({ config, log }: DhcpRequest): void {
  const { daemonSocketPath } = config.ipam
  if (daemonSocketPath !== undefined)
    log.warn(
      `ipam.daemonSocketPath is not used: ADD and DEL need no daemon, so ${daemonSocketPath} is not asked`,
    )
}

/** A runtime that has not heard the answer of an ADD may try again, without a DEL. */
function giveBackFormer(request: DhcpRequest, place: Place): void {
  const former = entryOf(request)
  if (!former) return
  giveBackFrom(takeEntry(former), place, request.log)
}

function askingOf(request: DhcpRequest, client: Entry['client'], deadline: number): Asking {
  const { network, containerID, ifname, netns, log, config } = request
  const { priority, rapidCommit, arpProbe, timeout: seconds } = config.ipam
  const attachment = { network, containerID, ifname, netns }
  return { attachment, client, priority, rapidCommit, arpProbe, seconds, deadline, log }
}

function leased(request: DhcpRequest, place: Place, asking: Asking, listening?: Listening): Entry {
  const { ipv4, ipv6 } = request.config.ipam
  const keep = (entry: Entry) => {
    lowerMtu(place, entry.lease4?.mtu, smallestMtu[ipv6 === 'off' ? 4 : 6])
    return kept(entry)
  }
  if (!listening) return lease4(place, asking, keep)
  return withIpv6(place, asking, listening, (beside, rest) => {
    const all = (entry: Entry) => rest(entry, keep)
    return ipv4 ? lease4(place, asking, all, beside) : all({ ...askerOf(place, asking), ...noResult })
  })
}

const nothing = resultOf({})
const noResult = { given: nothing, now: nothing }

/** Enters it in the journal. */
function kept(entry: Entry): Entry {
  try {
    withJournal(() => journal.write(entry))
    return entry
  } catch (error) {
    forgetQuietly(entry)
    throw error
  }
}

/** A write that failed may have written. The error of ADD is the one to report. */
function forgetQuietly(entry: Entry): void {
  try {
    withJournal(() => journal.forget(entry))
  } catch {
    // The DEL that follows a failed ADD forgets it.
  }
}
