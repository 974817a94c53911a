/** What the journal says becomes slots: at the start, when ADD writes an entry, and when DEL removes one. */

import type { Entry } from '../../shared/ipam/dhcp/journal.ts'
import { type Family, leaseIn } from './entries.ts'
import type { Absent } from './place.ts'
import { families, nameOf, type Renewer, release, releaseAll, type Slot, whose } from './renewer.ts'
import { firstAttempt, stateAt } from './schedule.ts'

/** Reads all again: what is gone is dropped, also entries whose namespace is. */
export function adoptAll(renewer: Renewer): void {
  const keys = new Set(renewer.host.journal.keys())
  for (const { key } of [...renewer.slots.values()]) if (!keys.has(key)) releaseAll(renewer, key)
  for (const key of keys) adopt(renewer, key, true)
}

/** Reads one again. @param looks whether its interface is looked for: not where ADD has just made it */
export function adopt(renewer: Renewer, key: string, looks = false): void {
  const { host } = renewer
  const entry = host.journal.at(key)
  const why = entry && whyGone(renewer, entry, looks)
  if (!entry) releaseAll(renewer, key)
  else if (why) drop(renewer, key, entry, why)
  else for (const family of families) adoptLease(renewer, key, entry, family)
}

function whyGone({ host }: Renewer, entry: Entry, looks: boolean): string | undefined {
  if (entry.boot !== host.boot) return 'it is of another boot'
  const place = looks ? host.visit(entry, () => undefined) : undefined
  return place && 'absent' in place && place.absent === 'gone' ? place.why : undefined
}

/** Forgets an entry whose interface is gone. A server keeps its lease until it ends: there is nothing to release it from. */
export function drop(renewer: Renewer, key: string, entry: Entry, why: string): void {
  renewer.host.log.info(`${whose(entry)}: its lease is forgotten: ${why}`)
  renewer.host.journal.drop(entry)
  releaseAll(renewer, key)
}

/** Of a lease that is due: without its interface it is dropped; where that cannot be told, tried again until the lease ends. */
export function leave(renewer: Renewer, slot: Slot, entry: Entry, { absent, why }: Absent): void {
  const { log, now } = renewer.host
  const lease = leaseIn(entry, slot.family)
  const isOver = !lease || stateAt(lease, now()) === 'expired'
  if (absent === 'gone' || isOver) drop(renewer, slot.key, entry, why)
  else {
    log.warn(`${whose(entry)}: it cannot be looked at, and is tried again in ${hidden / 1000} s: ${why}`)
    slot.at = now() + hidden
  }
}

/** How long a namespace that cannot be opened is left alone, milliseconds. */
const hidden = 60_000

function adoptLease(renewer: Renewer, key: string, entry: Entry, family: Family): void {
  const { host, slots } = renewer
  const lease = leaseIn(entry, family)
  if (lease && slots.get(nameOf({ key, family }))?.since === lease.since) return
  release(renewer, { key, family })
  if (!lease) return
  const at = entry.former ? host.now() : firstAttempt(lease, host.random())
  slots.set(nameOf({ key, family }), {
    key,
    family,
    at,
    since: lease.since,
    tries: 0,
    searches: 0,
    failures: 0,
  })
}
