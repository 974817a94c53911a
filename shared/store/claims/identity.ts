/** Whether this host is the one that the store knows by its name: two hosts with one name or one file `host.json` are told apart. */

import type { HostMemory, StoreMemory } from '../memory.ts'
import { type Protocol, read, transact } from '../protocol.ts'
import { type HostValue, host as hostSchema } from '../values.ts'
import { write } from './chain.ts'
import { ofOtherNames, without } from './earlier-name.ts'
import { changed, copied, nameTaken } from './errors.ts'
import { holdIn, memoryOf, rememberStore, type Session } from './host.ts'
import { heldOf, partsOf, withPart, withState } from './notes.ts'
import { type Known, known } from './value.ts'

/**
 * Whether the store knows a state of this host from before its last write, in an epoch in which it has confirmed: etcd was restored.
 */
export function isBehind(
  own: Known<HostValue> | undefined,
  memory: HostMemory,
  before: StoreMemory,
): boolean {
  return own?.value.id === memory.id && own.value.counter < before.counter
}

/**
 * Makes sure that no transaction that was sent earlier can arrive any more, that our key of hosts/ is there, and that no other host has written it.
 * @param own our key, as it was read
 * @param isConfirmed whether this host has confirmed what it holds in this epoch
 * @throws CniError of code 11 when another host has this host's name or ID: nothing is given from what is held any more
 */
export function* identify(
  session: Session,
  own: Known<HostValue> | undefined,
  isConfirmed: boolean,
): Protocol<void> {
  const before = memoryOf(session.memory, session.epoch.value.store)
  const { host, memory } = session
  if (own && own.value.id !== memory.id)
    throw yield* disputeAll(session, nameTaken(host.name, host.keys.host(host.name)))
  const earlier = own ? [] : yield* ofOtherNames(session)
  const last = own ?? earlier[0]
  // Without a memory of the store it is not known how this host has left the key of another name.
  const shared = (own ? [own] : earlier).find(({ value }) =>
    before ? isAnothers(value, before, session) : !own,
  )
  if (shared) throw yield* isShared(session, shared)
  if (!isConfirmed || !before) {
    const { nonce = '', counter = 0 } = last?.value ?? {}
    const known = { nonce, counter: Math.max(counter, before?.counter ?? 0), revision: own?.modified ?? 0 }
    yield* rememberStore(session, { epoch: undefined, ...known })
  }
  const isSettled = own && own.value.nonce === before?.nonce && before.next === undefined
  if (isSettled) return
  const { succeeded } = yield* write(session, without(earlier))
  if (!succeeded) throw changed(`what is known of ${host.name}`)
}

/** Written for a nonce: no host takes it for its own, so each of those that share an identity notices. */
const SHARED = 'shared'

/** Two hosts have one identity: neither gives anything any more. @returns what to throw */
function* isShared(session: Session, { key, value, modified }: Known<HostValue>): Protocol<Error> {
  const { keys, name } = session.host
  const error = yield* disputeAll(session, copied(name, key.slice(keys.hosts.length)))
  const put = { key, value: JSON.stringify({ ...value, nonce: SHARED }) }
  if (value.nonce !== SHARED) yield* transact({ when: [{ key, modified }], do: [{ put }] })
  return error
}

/** The same where a copy of this host has another name. @param copy that name, as the key of a block has it */
export function* sharedWith(session: Session, copy: string): Protocol<Error> {
  const { keys, report, name } = session.host
  const { entries } = yield* read({ from: keys.host(copy) })
  const its = known(hostSchema, entries[0], report)
  return its?.value.id === session.memory.id
    ? yield* isShared(session, its)
    : yield* disputeAll(session, copied(name, copy))
}

/** After a restore the store may know an older nonce of this host. A copy has written a higher counter than it had. */
function isAnothers({ nonce, counter }: HostValue, before: StoreMemory, { epoch }: Session): boolean {
  const isOlder = nonce !== SHARED && before.epoch !== epoch.value.id && counter <= before.counter
  return nonce !== before.nonce && nonce !== before.next && !isOlder
}

function* disputeAll<T extends Error>(session: Session, error: T): Protocol<T> {
  for (const holdings of session.holdings) {
    const held = partsOf(holdings).filter((part) => heldOf(part).state === 'held')
    const disputed = held.map((part) => withState(part, { state: 'disputed' }))
    if (disputed.length > 0) yield* holdIn(session, disputed.reduce(withPart, holdings))
  }
  return error
}
