/** One lease, when its time has come: its interface is looked for, a server is asked, and what comes of it is done. */

import type { Entry } from '../../shared/ipam/dhcp/journal.ts'
import { type Action, actionAt } from './action.ts'
import { adopt, leave } from './adopt.ts'
import { type Asked, exchangeOf, type Outcome } from './ask.ts'
import { change } from './change.ts'
import { hasAddresses, type Lease, leaseIn, withLease, withoutAddresses } from './entries.ts'
import type { Here } from './place.ts'
import { nameOf, type Renewer, release, releaseAll, type Slot, whose } from './renewer.ts'
import type { Ended } from './running.ts'
import { type Dated, firstAttempt, momentsOf, nextAttempt, searchPause, stateAt } from './schedule.ts'

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
  if ('absent' in done) leave(renewer, slot, entry, done)
  else if (done.value) ask(renewer, slot, done.value)
}

/** A question with its socket. */
interface Prepared {
  asked: Asked
  port: ReturnType<Renewer['host']['open']>
}

/** Completes what a killed renewer has begun; at the end of a lease the addresses go before a server is asked. */
function prepare(
  renewer: Renewer,
  slot: Slot,
  here: Here,
  found: Entry,
  action: Action,
): Prepared | undefined {
  const { host } = renewer
  const { family } = slot
  const isOver = action === 'acquire' && hasAddresses(found, family)
  const entry = isOver ? withoutAddresses(found, family, host.now()) : found
  if ((found.former || isOver) && !change(host, here, found, entry)) release(renewer, slot)
  else if (action === 'wait') wait(renewer, slot, entry)
  else {
    const asked: Asked = { action, family, entry, now: host.now, seen: { sentences: [] } }
    return { asked, port: host.open(here, asked) }
  }
  return undefined
}

function wait({ host }: Renewer, slot: Slot, entry: Entry): void {
  const lease = leaseIn(entry, slot.family)
  if (lease) slot.at = firstAttempt(lease, host.random())
}

function ask(renewer: Renewer, slot: Slot, { asked, port }: Prepared): void {
  const { host, exchanges } = renewer
  const exchange = exchangeOf(asked)
  const begun = host.now()
  if (!exchange) host.close(port.fd)
  else
    exchanges.start(nameOf(slot), port, exchange, (how) =>
      guarded(renewer, slot, () => conclude(renewer, slot, asked, begun, how)),
    )
}

/** @param begun when the server was asked first: the lease counts from then, which is never too late */
function conclude(renewer: Renewer, slot: Slot, asked: Asked, begun: number, how: Ended<Outcome>): void {
  const entry = renewer.host.journal.at(slot.key)
  const lease = entry && leaseIn(entry, slot.family)
  // Another ADD has written it: the journal's event may come later, or be lost.
  const isOther = !entry || lease?.since !== slot.since
  if (isOther) adopt(renewer, slot.key)
  if (isOther) return
  const seen = 'error' in how ? [String(how.error)] : asked.seen.sentences
  const outcome = 'outcome' in how ? how.outcome : undefined
  if (outcome === undefined) unanswered(renewer, slot, entry, lease, asked.action, seen)
  else if (outcome === 'refused') refuse(renewer, slot, entry, seen)
  else take(renewer, slot, entry, outcome.lease, begun)
}

function take(renewer: Renewer, slot: Slot, entry: Entry, lease: Lease, since: number): void {
  const { log, random } = renewer.host
  if (!changed(renewer, slot, entry, withLease(entry, lease, since))) return
  if (slot.tries > 0) log.info(`${whose(entry)}: server ${lease.server} has answered again`)
  const at = firstAttempt({ ...lease, since }, random())
  Object.assign(slot, { since, tries: 0, searches: 0, at } satisfies Partial<Slot>)
}

/** RFC 2131 section 4.4.5: after a NAK the address is not used any more, and the client begins anew. */
function refuse(renewer: Renewer, slot: Slot, entry: Entry, seen: readonly string[]): void {
  const { log, now } = renewer.host
  log.warn(`${whose(entry)}: the server has taken its lease back: ${seen.join('; ')}`)
  if (!changed(renewer, slot, entry, withoutAddresses(entry, slot.family, now()))) return
  Object.assign(slot, { at: now(), tries: Math.max(1, slot.tries) } satisfies Partial<Slot>)
}

/** @returns whether entry and interface are as in `next` now; if not, the slot is done with */
function changed(renewer: Renewer, slot: Slot, entry: Entry, next: Entry): boolean {
  const done = renewer.host.visit(entry, (here) => change(renewer.host, here, entry, next))
  if ('absent' in done) leave(renewer, slot, entry, done)
  else if (!done.value) release(renewer, slot)
  return 'value' in done && done.value
}

function unanswered(
  { host }: Renewer,
  slot: Slot,
  entry: Entry,
  lease: Dated,
  action: Asked['action'],
  seen: readonly string[],
): void {
  const now = host.now()
  const isSearch = action === 'acquire'
  if (slot.tries === 0 || (isSearch && slot.searches === 0))
    host.log.warn(silence(entry, lease, action, now, seen))
  slot.tries++
  if (isSearch) slot.at = now + searchPause(slot.searches++, host.random())
  else slot.at = isPast(action, lease, now) ? now : nextAttempt(lease, now)
}

/** Whether another action's time has come while an answer was waited for. */
function isPast(action: Action, lease: Dated, now: number): boolean {
  const state = stateAt(lease, now)
  return state === 'expired' || (state === 'rebinding' && action === 'renew')
}

/** The first of several of a kind is told. */
function silence(entry: Entry, lease: Dated, action: Action, now: number, seen: readonly string[]): string {
  const left = Math.round((momentsOf(lease).expire - now) / 1000)
  const then = left > 0 ? `its lease ends in ${left} s` : 'its lease has ended'
  const instead = seen.length > 0 ? `; seen: ${seen.join('; ')}` : ''
  return `${whose(entry)}: no server of DHCP has answered (${action}): ${then}; asked again${instead}`
}
