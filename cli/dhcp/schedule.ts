/**
 * When a lease is to be acted on: RFC 2131 section 4.4.5, and RFC 8415 section 18.2.4 for DHCPv6. All times are milliseconds of the clock that
 * counts from boot: a changed time of day means nothing here, and the time in which a machine sleeps counts.
 */

import type { Times } from '../../shared/dhcp/lease.ts'

/** A lease of the journal. */
export type Dated = Times & { since: number }

/** bound: nothing to do; renewing: its server is asked; rebinding: any server is; expired: the addresses may not be used. */
export type State = 'bound' | 'renewing' | 'rebinding' | 'expired'

/** T1, T2 and the end; one that never comes is infinite. */
export function momentsOf({
  since,
  renew,
  rebind,
  expire,
}: Dated): Record<'renew' | 'rebind' | 'expire', number> {
  const at = (seconds: number | undefined) =>
    seconds === undefined ? Number.POSITIVE_INFINITY : since + seconds * 1000
  return { renew: at(renew), rebind: at(rebind), expire: at(expire) }
}

export function stateAt(lease: Dated, now: number): State {
  const { renew, rebind, expire } = momentsOf(lease)
  if (now >= expire) return 'expired'
  if (now >= rebind) return 'rebinding'
  return now >= renew ? 'renewing' : 'bound'
}

/** The longest time before T1, milliseconds. */
const mostSpread = 30_000

/**
 * When a lease is acted on first: at T1, but not sooner than a server could be asked again. Up to a sixteenth of the time before that earlier, so
 * that leases of one moment are not renewed in one moment.
 */
export function firstAttempt(lease: Dated, random: number): number {
  const { renew, rebind, expire } = momentsOf(lease)
  const at = Math.max(Math.min(renew, rebind, expire), lease.since + leastAfter(lease))
  return at - random * Math.min(mostSpread, Math.max(0, at - lease.since) / 16)
}

/** The shortest time between two attempts, milliseconds; of a short lease it is an eighth of it. */
const leastPause = 60_000

function leastAfter(lease: Dated): number {
  return Math.min(leastPause, (momentsOf(lease).expire - lease.since) / 8)
}

/** When it is acted on again after an attempt without an answer: after half of the time that is left in its state. */
export function nextAttempt(lease: Dated, now: number): number {
  const moments = momentsOf(lease)
  const end = stateAt(lease, now) === 'renewing' ? Math.min(moments.rebind, moments.expire) : moments.expire
  const pause = Math.max((end - now) / 2, leastAfter(lease))
  return Math.min(end, now + pause)
}

/** How long an answer is waited for, milliseconds: not into the next state, and not longer than 10 s. */
export function patienceOf(lease: Dated, now: number): number {
  const { rebind, expire } = momentsOf(lease)
  const state = stateAt(lease, now)
  const end =
    state === 'renewing' ? Math.min(rebind, expire) : state === 'rebinding' ? expire : now + longestWait
  return Math.max(shortestWait, Math.min(longestWait, end - now))
}

const [shortestWait, longestWait] = [200, 10_000]

const [firstPause, longestPause] = [4000, 300_000]

/** How long after a search without an answer the next one begins, milliseconds: twice as long each time, at most 5 minutes. */
export function searchPause(searches: number, random: number): number {
  return Math.min(longestPause, firstPause * 2 ** Math.min(searches, 10)) * (0.75 + 0.25 * random)
}
