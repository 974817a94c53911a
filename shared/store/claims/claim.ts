/** Claims a block of a pool: one transaction creates its key, if it is not there. The search begins at a random block. */

import type { Address, Family } from '../../ip/address.ts'
import { formatAddress } from '../../ip/address.ts'
import { type Cidr, formatCidr, networkOf, plus } from '../../ip/subnet.ts'
import type { HeldBlock, Holdings } from '../memory.ts'
import type { PoolDefinition } from '../pool.ts'
import type { Entry, Operation, Protocol } from '../protocol.ts'
import { read } from '../protocol.ts'
import { type BlockValue, block as blockSchema } from '../values.ts'
import { blockOf, firstGap, type Stretch, sizeOf, stretchesOf, tour, type UsableOf } from './blocks.ts'
import { write } from './chain.ts'
import { storedAs } from './confirm.ts'
import { requireOpen } from './epoch.ts'
import { changed, closing, exhausted, noPool, otherPool, outside, singleTaken } from './errors.ts'
import { holdersOf } from './holders.ts'
import { holdIn, holdingsOf, type Network, rememberStore, type Session } from './host.ts'
import { keep } from './keep.ts'
import { keyOf, withBlock } from './notes.ts'
import { PAGE } from './pages.ts'
import { type Known, known } from './value.ts'

/** What a block is claimed for. */
export interface Wanted extends Network {
  usable: UsableOf
}

/**
 * Claims a block of a family, of a session that has entered for this network.
 * @param start a random number, 0 or more: where the search begins
 * @throws CniError of code 11 in a closed epoch, for a pool that is being deleted or has no free block; of code 7 without a pool; StoreAway
 */
export function* claimBlock(
  session: Session,
  wanted: Wanted,
  family: Family,
  start: bigint,
): Protocol<HeldBlock> {
  const pool = requirePool(session, wanted)
  const stretches = stretchesOf(wanted.usable(pool.value), pool.value.blockSize, family)
  for (const stretch of tour(stretches, start)) {
    const held = yield* claimIn(session, wanted, pool, stretch)
    if (held) return held
  }
  yield* giveUp(session, wanted)
  throw exhausted(wanted.pool, family, yield* holdersOf(session, wanted.pool, family, stretches))
}

/** @throws CniError where no block of the pool can be claimed */
export function requirePool(session: Session, wanted: Network): Known<PoolDefinition> {
  const held = holdingsOf(session, wanted)
  if (held && held.pool !== wanted.pool) throw otherPool(wanted.network, held.pool, wanted.pool)
  if (!session.pool || !held) throw noPool(wanted.pool)
  requireOpen(session)
  if (session.pool.value.closing) throw closing(wanted.pool)
  return session.pool
}

/** Tries the blocks of a stretch in their order; those that the store says are taken are passed over. */
function* claimIn(
  session: Session,
  wanted: Wanted,
  pool: Known<PoolDefinition>,
  stretch: Stretch,
): Protocol<HeldBlock | undefined> {
  const { keys } = session.host
  const to = `${keys.block(wanted.pool, stretch.last)}\0`
  let at = stretch.first
  while (at.value <= stretch.last.value) {
    const block = { address: at, prefix: stretch.prefix }
    if (noteOf(session, wanted, block)) {
      at = plus(at, sizeOf(stretch))
      continue
    }
    const range = { from: keys.block(wanted.pool, at), to, limit: PAGE, keysOnly: true }
    const attempt = yield* attemptAt(session, wanted, pool, block, { range })
    if ('held' in attempt) return attempt.held
    at = yield* nextGap(session, wanted.pool, attempt.found, at, stretch)
  }
  return undefined
}

/** What the network has noted of a block: such a note must not become that of an attempt. */
function noteOf(session: Session, network: Network, block: Cidr): HeldBlock | undefined {
  const text = formatCidr(block)
  return holdingsOf(session, network)?.blocks.find((one) => one.block === text && one.state !== 'claiming')
}

/** The next block without a key; behind the stretch when there is none. */
function* nextGap(
  { host }: Session,
  pool: string,
  found: readonly Entry[],
  from: Address,
  stretch: Stretch,
): Protocol<Address> {
  const to = `${host.keys.block(pool, stretch.last)}\0`
  let at = firstGap(found, from, sizeOf(stretch))
  for (let page = found; page.length === PAGE && isBehind(page, host.keys.block(pool, at)); ) {
    page = (yield* read({ from: host.keys.block(pool, at), to, limit: PAGE, keysOnly: true })).entries
    at = firstGap(page, at, sizeOf(stretch))
  }
  return at.value === from.value ? plus(at, sizeOf(stretch)) : at
}

function isBehind(page: readonly Entry[], key: string): boolean {
  return key > (page.at(-1)?.key ?? '')
}

type Attempt = { held: HeldBlock } | { found: Entry[] }

/** Claims one block. @param otherwise what is read when another host has it */
function* attemptAt(
  session: Session,
  wanted: Wanted,
  pool: Known<PoolDefinition>,
  block: Cidr,
  otherwise: Operation,
): Protocol<Attempt> {
  const note: HeldBlock = { block: formatCidr(block), state: 'claiming', modified: 0 }
  const noted = withBlock(noneClaimed(holdingsOf(session, wanted) as Holdings), note)
  yield* holdIn(session, noted)
  const key = keyOf(session.host.keys, noted, { block: note })
  const value = JSON.stringify(storedAs(session, wanted, { block: note }))
  const { succeeded, found } = yield* write(session, {
    when: [
      { key: pool.key, modified: pool.modified },
      { key, created: 0 },
    ],
    do: [{ put: { key, value } }],
    otherwise: [otherwise, { range: { from: pool.key } }],
  })
  if (succeeded) {
    const held: HeldBlock = { ...note, state: 'held', modified: session.own.modified }
    yield* keep(session, noted, [{ block: held }])
    return { held }
  }
  if (found[1]?.[0]?.modified !== pool.modified) throw changed(`pool ${wanted.pool}`)
  return { found: found[0] ?? [] }
}

/** Without the note of the block that was tried before: the answer was that another host has it. */
function noneClaimed(holdings: Holdings): Holdings {
  return { ...holdings, blocks: holdings.blocks.filter(({ state }) => state !== 'claiming') }
}

/** Nothing was claimed, and all transactions had an answer. */
function* giveUp(session: Session, wanted: Network): Protocol<void> {
  const holdings = holdingsOf(session, wanted)
  if (holdings) yield* holdIn(session, noneClaimed(holdings))
  yield* rememberStore(session, { next: undefined })
}

/** @returns the block, or the key of the host that has it: that one can be asked for the address */
export type Owned = { held: HeldBlock } | { owner: Known<BlockValue> }

/**
 * Claims the block with a certain address.
 * @throws as claimBlock; CniError of code 7 for an address that the pool does not give
 */
export function* claimBlockOf(session: Session, wanted: Wanted, address: Address): Protocol<Owned> {
  const pool = requirePool(session, wanted)
  const block = blockOf(wanted.usable(pool.value), pool.value.blockSize, address)
  if (!block) throw outside(formatAddress(address), wanted.pool)
  const noted = noteOf(session, wanted, block)
  if (noted?.state === 'held') return { held: noted }
  const range = { from: session.host.keys.block(wanted.pool, networkOf(block)) }
  const attempt = noted
    ? { found: (yield* read(range)).entries }
    : yield* attemptAt(session, wanted, pool, block, { range })
  if ('held' in attempt) return attempt
  if (!noted) yield* giveUp(session, wanted)
  const owner = known(blockSchema, attempt.found[0], session.host.report)
  if (!owner) throw singleTaken(formatAddress(address), 'of another program')
  return { owner }
}
