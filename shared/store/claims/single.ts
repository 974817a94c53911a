/** Asks for an address in another host's block. Its owner answers in the same key (grant.ts). */

import { type Address, formatAddress } from '../../ip/address.ts'
import type { HeldSingle, Holdings } from '../memory.ts'
import { type Protocol, read } from '../protocol.ts'
import { type BlockValue, type SingleValue, single as singleSchema } from '../values.ts'
import { write } from './chain.ts'
import type { Wanted } from './claim.ts'
import { requirePool } from './claim.ts'
import { storedAs } from './confirm.ts'
import { changed, notGranted, singleTaken } from './errors.ts'
import { holdIn, holdingsOf, type Network, type Session } from './host.ts'
import { keep } from './keep.ts'
import { keyOf, withoutSingle, withSingle } from './notes.ts'
import { remove } from './remove.ts'
import { type Known, known } from './value.ts'

/**
 * Writes the wish.
 * @param owner the key of the block, as claimBlockOf returned it
 * @throws CniError of code 11 when another host has the address, or asks for it
 */
export function* askSingle(
  session: Session,
  wanted: Wanted,
  address: Address,
  owner: Known<BlockValue>,
): Protocol<HeldSingle> {
  requirePool(session, wanted)
  const text = formatAddress(address)
  const held = holdingsOf(session, wanted) as Holdings
  const note: HeldSingle = { address: text, owner: owner.value.host, state: 'claiming', modified: 0 }
  const noted = withSingle(held, note)
  yield* holdIn(session, noted)
  const key = keyOf(session.host.keys, noted, { single: note })
  const value = JSON.stringify(storedAs(session, wanted, { single: note }))
  const { succeeded, found } = yield* write(session, {
    when: [
      { key, created: 0 },
      { key: owner.key, modified: owner.modified },
    ],
    do: [{ put: { key, value } }],
    otherwise: [{ range: { from: key } }],
  })
  if (succeeded) return note
  yield* holdIn(session, withoutSingle(noted, text))
  const other = known(singleSchema, found[0]?.[0], session.host.report)
  throw other ? singleTaken(text, other.value.host) : changed(`the block of ${text}`)
}

/** How the owner has answered so far; undefined when the key is gone. */
export function* answerTo(
  { host, memory }: Session,
  { pool, network }: Network,
  { address, owner, state, modified }: HeldSingle,
): Protocol<SingleValue | undefined> {
  const key = keyOf(host.keys, { pool }, { single: { address, owner, state, modified } })
  const { entries } = yield* read({ from: key })
  const found = known(singleSchema, entries[0], host.report)?.value
  return found?.id === memory.id && found.network === network ? found : undefined
}

/**
 * Ends the wait: holds an address that was granted, and withdraws the wish otherwise.
 * @throws CniError of code 11 when it was not granted
 */
export function* conclude(session: Session, network: Network, single: HeldSingle): Protocol<HeldSingle> {
  const answer = yield* answerTo(session, network, single)
  const holdings = holdingsOf(session, network) as Holdings
  if (answer?.state === 'granted') {
    yield* keep(session, holdings, [{ single }])
    return { ...single, state: 'held' }
  }
  yield* remove(session, holdings, { single })
  throw notGranted(
    single.address,
    single.owner,
    answer?.state === 'refused' ? (answer.reason ?? 'refused') : undefined,
  )
}
