/** The notes that a killed process, or one without an answer, has left. By now no transaction of it can arrive any more. */

import type { Protocol } from '../protocol.ts'
import { holdIn, holdingsOf, type Session } from './host.ts'
import { keep } from './keep.ts'
import { heldOf, partsOf, withoutPart, withPart, withState } from './notes.ts'
import { lookAt, type Seen } from './parts.ts'
import { remove } from './remove.ts'

/**
 * @param isConfirmed false after a restore: a block that was not used before may be one that another host has claimed since the backup, so
 *   it is given back
 */
export function* settleNotes(session: Session, isConfirmed: boolean): Protocol<void> {
  const noted = session.holdings.flatMap((holdings) =>
    partsOf(holdings).flatMap((part) => (isOpen(heldOf(part).state) ? [{ holdings, part }] : [])),
  )
  for (const seen of yield* lookAt(session, noted)) yield* settle(session, seen, isConfirmed)
}

function isOpen(state: string): boolean {
  return state === 'claiming' || state === 'leaving'
}

/** An address that was asked for is given back: the ADD that wanted it has ended. */
function* settle(
  session: Session,
  { holdings, part, is, modified }: Seen,
  isConfirmed: boolean,
): Protocol<void> {
  const now = holdingsOf(session, holdings) ?? holdings
  if (is !== 'ours') return yield* holdIn(session, withoutPart(now, part))
  const isClaimed = heldOf(part).state === 'claiming' && 'block' in part
  if (isClaimed && isConfirmed) {
    yield* keep(session, now, [withState(part, { modified })])
    return
  }
  const leaving = withPart(now, withState(part, { state: 'leaving', modified }))
  yield* holdIn(session, leaving)
  yield* remove(session, leaving, part)
}
