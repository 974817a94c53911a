/** ADD: the container's interface is set up, a server is asked through it, and the journal has the lease before the runtime has the answer. */

import type { Result } from '../../cni/result.ts'
import { CniError, Code } from '../../error/error.ts'
import { now } from '../../kernel/clock.ts'
import { clientOf, type DhcpRequest } from './identity.ts'
import { type Entry, entryOf, journal, withJournal } from './journal.ts'
import { lease4 } from './lease4.ts'
import { lowerMtu, type Place, placeOf, restore, setUp } from './link.ts'
import { giveBackFrom } from './release.ts'
import { answerOf } from './result.ts'

/** What every host of a family must be able to receive (RFC 791, RFC 8200). */
const smallestMtu = { 4: 576, 6: 1280 } as const

/** All or nothing: when it fails, no lease is held, nothing is in the journal, and the interface is as it was. */
export function add(request: DhcpRequest): Result {
  refuseIpv6(request)
  const deadline = now() + request.config.ipam.timeout * 1000
  warnOfIgnored(request)
  const found = placeOf(request)
  const client = clientOf(request, found.link, found.mac)
  try {
    const place = setUp(found, deadline - now())
    giveBackFormer(request, place)
    return answerOf(leased(request, place, client, deadline).given)
  } catch (error) {
    restore(found)
    throw error
  }
}

function refuseIpv6({ config: { ipam } }: DhcpRequest): void {
  if (ipam.ipv4 && ipam.ipv6 === 'off') return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: 'ipam.ipv6 is not there yet: this version asks for IPv4 alone',
    hint: 'remove ipam.ipv4 and ipam.ipv6',
  })
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
  withJournal(() => journal.forget(former))
  giveBackFrom(former, place, request.log)
}

function leased(request: DhcpRequest, place: Place, client: Entry['client'], deadline: number): Entry {
  const { network, containerID, ifname, netns, log, config } = request
  const { priority, rapidCommit, arpProbe, timeout: seconds, ipv6 } = config.ipam
  const attachment = { network, containerID, ifname, netns }
  const asking = { attachment, client, priority, rapidCommit, arpProbe, seconds, deadline, log }
  return lease4(place, asking, (entry) => {
    lowerMtu(place, entry.lease4?.mtu, smallestMtu[ipv6 === 'off' ? 4 : 6])
    return kept(entry)
  })
}

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
