/** One lease, when its time has come: its interface is looked for, a server is asked, and what comes of it is done. */

import type { Seen } from '../../shared/dhcp/exchange.ts'
import type { Entry } from '../../shared/ipam/dhcp/journal.ts'
import { type Action, actionAt } from './action.ts'
import { leave } from './adopt.ts'
import { type Asked, exchangeOf, type Outcome } from './ask.ts'
import { change } from './change.ts'
import { hasAddresses, type Lease, leaseIn, withLease, withoutAddresses } from './entries.ts'
import type { Here } from './place.ts'
import { nameOf, type Renewer, release, releaseAll, type Slot, whose } from './renewer.ts'
import type { Ended } from './running.ts'
import { type Dated, firstAttempt, nextAttempt, searchPause, stateAt } from './schedule.ts'

/** @throws nothing: what fails is logged, and tried again */
export function act(renewer: Renewer, slot: Slot): void {
  guarded(renewer, slot, () => {
    const entry = renewer.host.journal.at(slot.key)
    const lease = entry && leaseIn(entry, slot.family)
    if (entry && lease) begin(renewer, slot, entry, lease)
    else releaseAll(renewer, slot.key)
  })
}

/** How long a lease is left alone after a failure on this host, milliseconds. */
const afterFailure = 10_000

function guarded(renewer: Renewer, slot: Slot, action: () => void): void {
  const { log, now } = renewer.host
  try {
    action()
  } catch (error) {
    slot.at = now() + afterFailure
    log.warn(`the lease ${nameOf(slot)}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function begin(renewer: Renewer, slot: Slot, entry: Entry, lease: Dated): void {
  const { host } = renewer
  const hasAddress = hasAddresses(entry, slot.family)
  const action = actionAt(lease, host.now(), { tries: slot.tries, hasAddress })
  const done = host.visit(entry, (here) => prepare(renewer, slot, here, entry, action))
  if ('absent' in done) return leave(renewer, slot, entry, done)
  const { value } = done
  if (value) ask(renewer, slot, value)
}

/** A question with its socket. */
interface Prepared {
  asked: Asked
  port: ReturnType<Renewer['host']['open']>
}

/** Completes what a killed renewer has begun; at the end of a lease the addresses go before a server is asked. */
function prepare(renewer: Renewer, slot: Slot, here: Here, found: Entry, action: Action): Prepared | undefined {
  const { host } = renewer
  if (found.former && !change(host, here, found, found)) return lose(renewer, slot)
  const entry = host.journal.at(slot.key) ?? found
  if (action === 'wait') return wait(renewer, slot, entry)
  const isOver = action === 'acquire' && hasAddresses(entry, slot.family)
  const next = isOver ? withoutAddresses(entry, slot.family, host.now()) : entry
  if (isOver && !change(host, here, entry, next)) return lose(renewer, slot)
  const asked: Asked = { action, family: slot.family, entry: next, now: host.now, seen: { sentences: [] } }
  return { asked, port: host.open(here, asked) }
}

function lose(renewer: Renewer, slot: Slot): undefined {
  release(renewer, slot)
}

function wait({ host }: Renewer, slot: Slot, entry: Entry): undefined {
  const lease = leaseIn(entry, slot.family)
  if (lease) slot.at = firstAttempt(lease, host.random())
}

function ask(renewer: Renewer, slot: Slot, { asked, port }: Prepared): void {
  const exchange = exchangeOf(asked)
  if (!exchange) return renewer.host.close(port.fd)
  const begun = renewer.host.now()
  renewer.exchanges.start(nameOf(slot), port, exchange, (how) =>
    guarded(renewer, slot, () => conclude(renewer, slot, asked, begun, how)),
  )
}

/** @param begun when the server was asked first: the lease counts from then, which is never too late */
function conclude(renewer: Renewer, slot: Slot, asked: Asked, begun: number, how: Ended<Outcome>): void {
  const { host } = renewer
  const entry = host.journal.at(slot.key)
  if (!entry || leaseIn(entry, slot.family)?.since !== slot.since) return
  if ('error' in how) return unanswered(renewer, slot, entry, asked, [String(how.error)])
  if (how.outcome === undefined) return unanswered(renewer, slot, entry, asked, asked.seen.sentences)
  if (how.outcome === 'refused') return refused(renewer, slot, entry, asked.seen)
  take(renewer, slot, entry, how.outcome.lease, begun)
}

function take(renewer: Renewer, slot: Slot, entry: Entry, lease: Lease, since: number): void {
  const { host } = renewer
  const next = withLease(entry, lease, since)
  const done = host.visit(entry, (here) => change(host, here, entry, next))
  if ('absent' in done) return leave(renewer, slot, entry, done)
  if (!done.value) return release(renewer, slot)
  if (slot.tries > 0) host.log.info(`${whose(entry)}: server ${lease.server} has answered again`)
  const at = firstAttempt({ ...lease, since }, host.random())
  Object.assign(slot, { since, tries: 0, searches: 0, at } satisfies Partial<Slot>)
}

/** RFC 2131 section 4.4.5: after a NAK the address is not used any more, and the client begins anew. */
function refused(renewer: Renewer, slot: Slot, entry: Entry, { sentences }: Seen): void {
  const { host } = renewer
  host.log.warn(`${whose(entry)}: the server has taken its lease back: ${sentences.join('; ')}`)
  const next = withoutAddresses(entry, slot.family, host.now())
  const done = host.visit(entry, (here) => change(host, here, entry, next))
  if ('absent' in done) return leave(renewer, slot, entry, done)
  if (!done.value) return release(renewer, slot)
  Object.assign(slot, { at: host.now(), tries: Math.max(1, slot.tries) } satisfies Partial<Slot>)
}

function unanswered(renewer: Renewer, slot: Slot, entry: Entry, { action, family }: Asked, seen: readonly string[]): void {
  const { host } = renewer
  const lease = leaseIn(entry, family)
  if (!lease) return release(renewer, slot)
  const now = host.now()
  const isSearch = action === 'acquire'
  if (slot.tries === 0 || (isSearch && slot.searches === 0)) host.log.warn(silence(entry, lease, action, now, seen))
  slot.tries++
  if (isSearch) slot.at = now + searchPause(slot.searches++, host.random())
  else slot.at = stateAt(lease, now) === 'expired' ? now : nextAttempt(lease, now)
}

/** The first of several of a kind is told. */
function silence(entry: Entry, lease: Dated, action: Action, now: number, seen: readonly string[]): string {
  const left = lease.expire === undefined ? undefined : Math.round((lease.since - now) / 1000 + lease.expire)
  const then = action === 'acquire' ? 'it has no address' : `its lease ends in ${left} s`
  const instead = seen.length > 0 ? `; seen: ${seen.join('; ')}` : ''
  return `${whose(entry)}: no answer from a server of DHCP (${action}); ${then}; tried again${instead}`
}
