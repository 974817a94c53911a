/** Gives an address of each family from the blocks at hand, or says what has to be claimed. */

import type { Request } from '../../cni/plugin.ts'
import { CniError, Code } from '../../error/error.ts'
import type { Address, Family } from '../../ip/address.ts'
import { reserving } from '../host-local/add.ts'
import { fullness } from '../host-local/exhausted.ts'
import { type Claim, reserveAll } from '../host-local/reserve.ts'
import type { RangeSet } from '../range.ts'
import type { PoolConfig } from './config.ts'
import { isFull, lowFamilies } from './fill.ts'
import { holdingsText, type Reading, readHeld } from './holdings.ts'
import { isNeed, type Need, type Supply, supplyOf } from './supply.ts'

export type PoolRequest = Request<PoolConfig>

/** What an attachment gets: one of each, for each family. */
export interface Given {
  sets: readonly RangeSet[]
  addresses: readonly Address[]
  /** The families that should get a spare block. */
  low: readonly Family[]
}

const ATTEMPTS = 10

/** @returns what has to be claimed, where the blocks at hand have nothing @throws CniError */
export function giveAtHand(request: PoolRequest, wishes: readonly Address[], claim: Claim): Given | Need {
  const { pool } = request.config.ipam
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const reading = readHeld(request, pool)
    const supply = supplyOf(reading.held, wishes)
    if (isNeed(supply)) return { ...supply, damaged: reading.damaged }
    const given = giveOf(request, reading, supply, claim)
    if (given) return given
  }
  throw new CniError(Code.TryAgainLater, {
    msg: `what this host holds of pool ${pool} has changed during each of ${ATTEMPTS} attempts: try again`,
    hint: 'blocks are claimed and given back all the time: patchbay pool show',
  })
}

/** The holdings were read before the lock is taken. @returns undefined when they have changed since */
function giveOf(
  request: PoolRequest,
  { text }: Reading,
  { sets, requests }: Supply,
  claim: Claim,
): Given | Need | undefined {
  let need: Need | undefined
  /** Called for the first family without a free address. One claim is for all that are full. */
  const full: Claim['full'] = (store, index, set) => {
    const lacking = sets.filter((one, at) => at >= index && !requests[at]?.address && isFull(store, one))
    const families = lacking.map(({ family }) => family)
    need = { families, addresses: [], why: fullness(store, index, set) }
    return new CniError(Code.TryAgainLater, { msg: 'no free address' })
  }
  try {
    return reserving(request, claim, requests.length, (store, drafts) => {
      if (holdingsText(request) !== text) return undefined
      const addresses = reserveAll(store, requests, drafts, { ...claim, full })
      return { sets: requests.map(({ set }) => set), addresses, low: lowFamilies(store, sets) }
    })
  } catch (error) {
    if (need) return need
    throw error
  }
}
