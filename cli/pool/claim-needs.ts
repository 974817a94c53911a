/** Claims blocks and single addresses for a network, one after the other. */

import { type Address, type Family, formatAddress, parseAddress } from '../../shared/ip/address.ts'
import { needsBlock } from '../../shared/ipam/pool/need.ts'
import { familySets } from '../../shared/ipam/pool/sets.ts'
import { usableOf } from '../../shared/ipam/pool/usable.ts'
import { now } from '../../shared/kernel/clock.ts'
import { claimBlock, claimBlockOf, requirePool, type Wanted } from '../../shared/store/claims/claim.ts'
import { enter } from '../../shared/store/claims/enter.ts'
import { type Host, holdingsOf, type Session } from '../../shared/store/claims/host.ts'
import { answerTo, askSingle, conclude } from '../../shared/store/claims/single.ts'
import { readHoldings } from '../../shared/store/files.ts'
import type { HeldSingle } from '../../shared/store/memory.ts'
import type { Protocol } from '../../shared/store/protocol.ts'
import type { ClaimInput } from './claim-input.ts'
import { type Hands, type RunProtocol, randomNumber } from './hands.ts'
import { pause } from './timing.ts'

/** What the network holds now, of what it needed. */
export interface Claimed {
  /** Blocks; none for a family of which enough is free by now: another call was first. */
  blocks: string[]
  addresses: string[]
}

/** @throws CniError, KernelError, StoreAway */
export async function claimAll(hands: Hands, input: ClaimInput): Promise<Claimed> {
  const wanted: Wanted = { ...placeOf(input), usable: usableOf }
  const addresses = input.addresses.flatMap((text) => parseAddress(text) ?? [])
  for (const address of addresses) await hands.holding((run) => claimAddress(run, wanted, address))
  const isWish = input.families.length === 0 && addresses.length > 0
  const families = isWish ? besides(wanted, addresses) : input.families
  const isDone = isWish && families.length === 0
  const needed = families.length > 0 ? families : undefined
  const blocks = isDone ? [] : await hands.locked((host) => claimNeeded(host, wanted, needed))
  return { blocks, addresses: input.addresses }
}

/** The families without a wish of which the network has no block: by now its file says what the pool has. */
function besides({ network, dataDir }: Wanted, wishes: readonly Address[]): Family[] {
  const held = readHoldings(dataDir, network)
  const sets = held ? familySets(held) : []
  const lacking = sets.filter(
    ({ blocks, family }) => blocks === 0 && !wishes.some((wish) => wish.family === family),
  )
  return lacking.map(({ family }) => family)
}

function placeOf({ network, dataDir, pool }: ClaimInput): Omit<Wanted, 'usable'> {
  return { network, dataDir, pool }
}

/** A block of each family that needs one. @param families those of the pool when undefined */
function* claimNeeded(
  host: Host,
  wanted: Wanted,
  families: readonly Family[] | undefined,
): Protocol<string[]> {
  const session = yield* enter(host, wanted)
  const blocks: string[] = []
  for (const family of families ?? familiesOf(session, wanted)) {
    const held = holdingsOf(session, wanted)
    if (held?.pool === wanted.pool && !needsBlock(held, family)) continue
    const { block } = yield* claimBlock(session, wanted, family, randomNumber())
    blocks.push(block)
  }
  return blocks
}

/** @throws CniError without a pool */
function familiesOf(session: Session, wanted: Wanted): Family[] {
  const definition = requirePool(session, wanted).value
  return familySets({ definition, blocks: [] }).map(({ family }) => family)
}

/** How long the owner of a block has for its answer, and how often its key is read, milliseconds. */
const WAIT = 5_000
const PAUSE = 100

/** Claims an address with its block, or asks the host that has the block. */
async function claimAddress(run: RunProtocol, wanted: Wanted, address: Address): Promise<void> {
  let session: Session | undefined
  const asked = await run(function* (host) {
    session = yield* enter(host, wanted)
    return yield* claimOrAsk(session, wanted, address)
  })
  if (!session || !asked) return
  const going = session
  const look = () => run(() => answerTo(going, wanted, asked))
  for (const end = now() + WAIT; now() < end; ) {
    const answer = await look()
    if (answer?.state !== 'asked') break
    await pause(PAUSE)
  }
  await run(() => conclude(going, wanted, asked))
}

/** @returns the address that another host is asked for; undefined when it is held */
function* claimOrAsk(session: Session, wanted: Wanted, address: Address): Protocol<HeldSingle | undefined> {
  const text = formatAddress(address)
  if (holdingsOf(session, wanted)?.singles.some((one) => one.address === text && one.state === 'held'))
    return undefined
  const owned = yield* claimBlockOf(session, wanted, address)
  return 'held' in owned ? undefined : yield* askSingle(session, wanted, address, owned.owner)
}
