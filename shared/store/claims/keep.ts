/** The last step before addresses are given from a block: nothing of it may be another's. */

import { parseCidr } from '../../ip/subnet.ts'
import type { Holdings } from '../memory.ts'
import { type Protocol, reserve } from '../protocol.ts'
import { endsOf } from './blocks.ts'
import { verify } from './epoch.ts'
import { holdIn, type Session } from './host.ts'
import { type Part, withPart, withState } from './notes.ts'
import { entriesIn } from './pages.ts'
import { knownSingle } from './placed.ts'

/**
 * Notes parts as held, with what others were granted in them reserved.
 * @returns what the network holds now
 * @throws CniError of code 11 when etcd was restored: the notes stay as they were
 */
export function* keep(session: Session, holdings: Holdings, parts: readonly Part[]): Protocol<Holdings> {
  if (parts.length === 0) return holdings
  for (const part of parts) if ('block' in part) yield* reserveGranted(session, holdings, part.block.block)
  yield* verify(session)
  const held = parts.map((part) => withState(part, { state: 'held' }))
  const changed = held.reduce(withPart, holdings)
  yield* holdIn(session, changed)
  return changed
}

/** The block's owner before may have granted addresses of it to other hosts: they keep them. */
function* reserveGranted(session: Session, holdings: Holdings, block: string): Protocol<void> {
  const { keys, report } = session.host
  const { dataDir, network, pool } = holdings
  const cidr = parseCidr(block)
  if (!cidr) return
  const { first, last } = endsOf(cidr)
  const range = { from: keys.single(pool, first), to: `${keys.single(pool, last)}\0` }
  for (const entry of yield* entriesIn(range)) {
    const value = knownSingle(session.host, pool, entry)?.value
    if (!value) continue
    const isOwn = value.id === session.memory.id && value.network === network
    if (value.state !== 'granted' || isOwn) continue
    const { done, reason } = yield* reserve({ dataDir, network, address: value.address, host: value.host })
    if (!done)
      report(`${value.address} was granted to host ${value.host}, and is not free here: ${reason ?? ''}`)
  }
}
