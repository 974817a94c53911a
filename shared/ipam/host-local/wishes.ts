/** Addresses that were asked for by name, and the range sets that they are to come from. */

import { CniError, Code } from '../../cni/error.ts'
import { type Address, formatAddress } from '../../ip/address.ts'
import { formatRangeSet, type RangeSet, rangeOf, roleOf } from '../range.ts'

/** A range set, and the address of it that was asked for. */
export interface Wish {
  set: RangeSet
  address?: Address
}

/**
 * Gives each requested address to the first set that has it and no other yet.
 * @throws CniError of code 7 when an address fits nowhere, or no container may have it
 */
export function assignWishes(sets: readonly RangeSet[], requested: readonly Address[]): Wish[] {
  const rest = [...requested]
  const wishes = sets.map((set) => {
    const at = rest.findIndex((address) => rangeOf(set, address))
    return at < 0 ? { set } : { set, address: rest.splice(at, 1)[0] }
  })
  if (rest.length > 0)
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `failed to allocate all requested IPs: ${rest.map(formatAddress).join(' ')}`,
      hint: `each range set gives one address: ${sets.map(formatRangeSet).join('; ')}`,
    })
  for (const wish of wishes) refuseSpecial(wish)
  return wishes
}

function refuseSpecial({ set, address }: Wish): void {
  const role = address && roleOf(set, address)
  if (!role) return
  const owner = role === 'gateway' ? "subnet's gateway" : `subnet's ${role} address`
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `requested ip ${formatAddress(address)} is ${owner}`,
    hint: `ask for another address of ${formatRangeSet(set)}`,
  })
}
