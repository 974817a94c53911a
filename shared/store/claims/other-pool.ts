/** A network whose configuration names another pool: what it holds of the first goes back, but for what containers have addresses of. */

import type { Holdings } from '../memory.ts'
import type { Protocol } from '../protocol.ts'
import { holdingsOf, type Session } from './host.ts'
import { nameOf, partsOf } from './notes.ts'
import { giveBack } from './remove.ts'

/** @returns whether nothing of the first pool is left */
export function* leavePool(session: Session, held: Holdings): Protocol<boolean> {
  for (const part of partsOf(held)) yield* giveBack(session, held, nameOf(part))
  return partsOf(holdingsOf(session, held) ?? held).length === 0
}
