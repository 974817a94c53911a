/** The roll call: a host claims what it holds once more, where the store has lost it. What another host has meanwhile is disputed. */

import type { Holdings } from '../memory.ts'
import type { Operation, Protocol } from '../protocol.ts'
import type { BlockValue, SingleValue } from '../values.ts'
import { write } from './chain.ts'
import { changed } from './errors.ts'
import { holdIn, holdingsOf, type Session } from './host.ts'
import { sharedWith } from './identity.ts'
import { keep } from './keep.ts'
import { heldOf, nameOf, type Part, partsOf, withPart, withState } from './notes.ts'
import { chunksOf, lookAt, type Seen } from './parts.ts'

const ATTEMPTS = 5

/** Confirms what the networks of this host hold. */
export function* confirm(session: Session): Protocol<void> {
  for (const holdings of session.holdings) yield* confirmIn(session, holdings)
}

/** Whether something is disputed: the other host may have given it back. */
export function hasDisputed({ holdings }: Session): boolean {
  return holdings.some((one) => partsOf(one).some((part) => heldOf(part).state === 'disputed'))
}

function* confirmIn(session: Session, holdings: Holdings): Protocol<void> {
  const noted = partsOf(holdings).flatMap((part) => (isUsed(part) ? [{ holdings, part }] : []))
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const seen = yield* lookAt(session, noted)
    const wrong = seen.filter((one) => one.is === 'absent' || isOfEarlierName(session, one))
    if (wrong.length === 0) return yield* conclude(session, holdings, seen)
    for (const chunk of chunksOf(wrong)) yield* claimAgain(session, chunk)
  }
  throw changed('what this host holds')
}

/** The host was renamed. An address that was granted stays under the name that its owner knows. */
function isOfEarlierName({ host }: Session, { is, part, name }: Seen): boolean {
  return is === 'ours' && 'block' in part && name !== host.name
}

function isUsed(part: Part): boolean {
  const { state } = heldOf(part)
  return state === 'held' || state === 'disputed'
}

/**
 * Writes keys that are absent, or have an earlier name of this host. All of them, or none: then another host was faster with one, and they are
 * looked at again.
 */
function* claimAgain(session: Session, wrong: readonly Seen[]): Protocol<void> {
  yield* write(session, {
    when: wrong.map(({ key, modified }) => ({ key, modified })),
    do: wrong.map(({ key, holdings, part }): Operation => {
      const value = JSON.stringify(storedAs(session, holdings, part))
      return { put: { key, value } }
    }),
  })
}

/** A block of this host, or an address that it asks for. */
export function storedAs(
  { host, memory }: Session,
  { network }: Pick<Holdings, 'network'>,
  part: Part,
): BlockValue | SingleValue {
  const common = { host: host.name, id: memory.id, network, since: host.now }
  if ('block' in part) return { block: part.block.block, ...common }
  const { address, owner } = part.single
  return { address, owner, state: 'asked', ...common }
}

function* conclude(session: Session, holdings: Holdings, seen: readonly Seen[]): Protocol<void> {
  const copy = seen.find(({ is, name }) => is === "another's" && name !== undefined)
  if (copy?.name !== undefined) throw yield* sharedWith(session, copy.name)
  const before = holdingsOf(session, holdings) ?? holdings
  const others = seen.filter((one) => !isOurs(one))
  for (const { part } of others) if (heldOf(part).state === 'held') tell(session, part)
  const disputed = others.map(({ part }) => withState(part, { state: 'disputed' }))
  const ours = seen.filter(isOurs).filter(({ part, modified }) => !isAsNoted(part, modified))
  const changedHoldings = disputed.reduce(withPart, { ...before, store: session.epoch.value.store })
  yield* holdIn(session, changedHoldings)
  const parts = ours.map(({ part, modified }) => withState(part, { modified }))
  yield* keep(session, changedHoldings, parts)
}

function isOurs({ is, answer }: Seen): boolean {
  return is === 'ours' && answer !== 'refused'
}

function isAsNoted(part: Part, modified: number): boolean {
  const held = heldOf(part)
  return held.state === 'held' && held.modified === modified
}

function tell({ host }: Session, part: Part): void {
  host.report(`${nameOf(part)} is another host's in the store: no further address of it is given`)
}
