/** What an ADD takes from what the network holds: for each family a range set, or the address that the runtime wishes. Or what it lacks. */

import { CniError, Code } from '../../error/error.ts'
import { type Address, type Family, formatAddress, parseAddress, sameAddress } from '../../ip/address.ts'
import type { Holdings } from '../../store/memory.ts'
import { assignRequested, type SetRequest } from '../host-local/requested.ts'
import { rangeOf } from '../range.ts'
import { type FamilySet, familySets, within } from './sets.ts'

/** What has to be claimed: blocks of families, and certain addresses. */
export interface Need {
  families: readonly Family[]
  addresses: readonly Address[]
  /** What is known already: how full the blocks are. */
  why?: string
  /** The file that says what the network holds, if it is damaged. */
  damaged?: string
}

/** One of each family, in one order. */
export interface Supply {
  sets: readonly FamilySet[]
  requests: readonly SetRequest[]
}

export function isNeed(one: object): one is Need {
  return 'families' in one
}

/** @throws CniError of code 7 for two wishes of one family: a container gets one address of each */
export function requireOnePerFamily(wishes: readonly Address[]): void {
  const [two] = [4, 6]
    .map((family) => wishes.filter((wish) => wish.family === family))
    .filter((own) => own.length > 1)
  if (!two) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `${two.map(formatAddress).join(' and ')} are requested: a pool gives a container one address of each IP version`,
    hint: 'request one, or attach the container to a second network',
  })
}

/**
 * @param held undefined: nothing is known of the pool
 * @throws CniError of code 7 for a wish that no block can satisfy
 */
export function supplyOf(held: Holdings | undefined, wishes: readonly Address[]): Supply | Need {
  if (!held) return { families: [], addresses: wishes }
  if (held.definition.closing) return { families: [], addresses: wishes, why: 'the pool is being deleted' }
  const sets = soundSets(held)
  const foreign = wishes.filter((wish) => !sets.some(({ family }) => family === wish.family))
  const requests = sets.map((set) => requestOf(set, held, wishes))
  const lacking = sets.filter((_, at) => requests[at] === undefined)
  if (sets.length > 0 && foreign.length + lacking.length === 0)
    return { sets, requests: requests.flatMap((one) => one ?? []) }
  const wishOf = ({ family }: FamilySet) => wishes.filter((wish) => wish.family === family)
  return {
    families: lacking.filter((set) => wishOf(set).length === 0).map(({ family }) => family),
    addresses: [...foreign, ...lacking.flatMap(wishOf)],
  }
}

/** None for ranges that cannot be: the claim reads the pool's definition again. */
function soundSets(held: Holdings): FamilySet[] {
  try {
    return familySets(held)
  } catch (error) {
    if (error instanceof CniError) return []
    throw error
  }
}

/** Undefined where nothing is held that could give the address. @throws CniError of code 7 for a gateway, network or broadcast address */
function requestOf(set: FamilySet, held: Holdings, wishes: readonly Address[]): SetRequest | undefined {
  const wish = wishes.find(({ family }) => family === set.family)
  if (!wish) return set.held.length > 0 ? { set: set.held } : undefined
  const own = rangeOf(set.held, wish) ? set.held : lentRanges(set, held, wish)
  return own.length > 0 ? assignRequested([own], [wish])[0] : undefined
}

/** The range of an address that another host has granted. */
function lentRanges({ whole }: FamilySet, { singles }: Holdings, wish: Address) {
  const isGranted = singles.some(({ address, state }) => {
    const single = parseAddress(address)
    return state === 'held' && single && sameAddress(single, wish)
  })
  return isGranted ? within(whole, { start: wish, end: wish }) : []
}
