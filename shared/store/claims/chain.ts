/**
 * A host's transactions are a chain: each requires the host's own key as the one before has left it, and writes a new nonce there. So a
 * transaction without an answer, which may arrive at any time, is void once another one has succeeded; and two hosts with one identity are
 * noticed.
 */

import type { Condition, Operation, Protocol, TransactAnswer } from '../protocol.ts'
import { transact } from '../protocol.ts'
import { type HostValue, host as hostSchema } from '../values.ts'
import { changed, copied, restored } from './errors.ts'
import { memoryOf, rememberStore, type Session } from './host.ts'
import { known } from './value.ts'

export interface Parts {
  when?: Condition[]
  do?: Operation[]
  /** Reads that tell why it was not done. */
  otherwise?: Operation[]
}

/** `found` is that of `do`, or of `otherwise`. */
export type Written = Pick<TransactAnswer, 'succeeded' | 'found'>

/**
 * A transaction of this host, which also requires that the epoch is the session's.
 * @throws CniError of code 11 when this host's key or the epoch has changed; StoreAway: the next `enter` finds out
 */
export function* write(session: Session, parts: Parts = {}): Protocol<Written> {
  const { keys, name, fresh } = session.host
  const nonce = memoryOf(session.memory, session.epoch.value.store)?.next ?? fresh()
  yield* rememberStore(session, { next: nonce })
  const own = { key: keys.host(name), value: JSON.stringify(ownValue(session, nonce)) }
  const answer = yield* transact({
    when: [
      { key: own.key, modified: session.own.modified },
      { key: keys.epoch, modified: session.epoch.modified },
      ...(parts.when ?? []),
    ],
    do: [{ put: own }, ...(parts.do ?? [])],
    otherwise: [{ range: { from: own.key } }, { range: { from: keys.epoch } }, ...(parts.otherwise ?? [])],
  })
  requireRevision(session, answer.revision)
  if (!answer.succeeded) return yield* refused(session, nonce, parts, answer)
  yield* advance(session, nonce, { modified: answer.revision, counter: session.own.counter + 1 })
  return { succeeded: true, found: answer.found.slice(1) }
}

function ownValue({ host, memory, epoch, own }: Session, nonce: string): HostValue {
  return {
    id: memory.id,
    epoch: memoryOf(memory, epoch.value.store)?.epoch,
    counter: own.counter + 1,
    nonce,
    seen: host.now,
    version: host.version,
  }
}

/**
 * Why it was not done. Our key has the nonce: the one before has arrived after all, or a copied host has sent it. That is as good if nothing else was
 * to be written; a block may not be ours.
 */
function* refused(
  session: Session,
  nonce: string,
  parts: Parts,
  { found }: TransactAnswer,
): Protocol<Written> {
  const [[entry] = [], [epoch] = [], ...others] = found
  const { own: before, host, memory } = session
  if (epoch?.modified !== session.epoch.modified) throw changed('the epoch')
  const own = known(hostSchema, entry, host.report)
  if (own?.value.id === memory.id && own.modified !== before.modified) {
    const { counter } = own.value
    if (own.value.nonce === nonce && !parts.do) {
      yield* advance(session, nonce, { modified: own.modified, counter })
      return { succeeded: true, found: [] }
    }
    if (own.value.nonce === nonce) throw changed(`what is known of ${host.name}`)
    // A key that a restore has brought back has a lower counter. A copy has written a higher one, or has said that it is one.
    throw counter < before.counter ? restored() : copied(host.name)
  }
  if ((entry?.modified ?? 0) !== before.modified) throw changed(`what is known of ${host.name}`)
  return { succeeded: false, found: others }
}

function* advance(session: Session, nonce: string, own: Session['own']): Protocol<void> {
  session.own = own
  const { counter, modified: revision } = own
  yield* rememberStore(session, { nonce, next: undefined, counter, revision })
}

/** @throws CniError when the revision has fallen since this host saw a higher one in this epoch */
function requireRevision({ memory, epoch }: Session, revision: number): void {
  const before = memoryOf(memory, epoch.value.store)
  if (before?.epoch === epoch.value.id && revision < before.revision) throw restored()
}
