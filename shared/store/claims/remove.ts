/** Gives a block or an address back. It is noted as `leaving` before; until its key is gone it may not be another's. */

import type { Holdings } from '../memory.ts'
import { leave, type Protocol } from '../protocol.ts'
import { write } from './chain.ts'
import { changed } from './errors.ts'
import { holdIn, holdingsOf, type Network, noteIn, type Session } from './host.ts'
import { heldOf, nameOf, type Part, partsOf, withoutPart, withPart, withState } from './notes.ts'
import { lookAt } from './parts.ts'

const ATTEMPTS = 5

/** Removes the key of a part that is noted as `leaving`, and then the note. */
export function* remove(session: Session, holdings: Holdings, part: Part): Protocol<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [seen] = yield* lookAt(session, [{ holdings, part }])
    if (seen?.is !== 'ours') return yield* forget(session, holdings, part)
    const { key, modified } = seen
    const { succeeded } = yield* write(session, {
      when: [{ key, modified }],
      do: [{ remove: { from: key } }],
    })
    // The owner of a block may just have granted an address of it.
    if (succeeded) return yield* forget(session, holdings, part)
  }
  throw changed(nameOf(part))
}

function* forget(session: Session, network: Holdings, part: Part): Protocol<void> {
  const now = holdingsOf(session, network)
  if (now) yield* holdIn(session, withoutPart(now, part))
}

/**
 * Gives back a block, or an address of another host's block, unless a container has an address of it.
 * @param name the block or address, as the network's file has it
 * @returns whether it was given back
 */
export function* giveBack(session: Session, network: Network, name: string): Protocol<boolean> {
  const holdings = holdingsOf(session, network)
  const part = holdings && partsOf(holdings).find((one) => nameOf(one) === name)
  if (!holdings || !part || heldOf(part).state === 'claiming') return false
  return yield* leaveIfEmpty(session, holdings, part)
}

/** @returns false when an address of it is reserved */
export function* leaveIfEmpty(session: Session, holdings: Holdings, part: Part): Protocol<boolean> {
  const leaving = withState(part, { state: 'leaving' })
  const changedHoldings = withPart(holdings, leaving)
  if (!(yield* leave(changedHoldings, nameOf(part)))) return false
  noteIn(session, changedHoldings)
  yield* remove(session, changedHoldings, leaving)
  return true
}
