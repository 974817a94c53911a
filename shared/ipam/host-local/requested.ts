/** Assigns the requested addresses to range sets. */

import { CniError, Code } from '../../error/error.ts'
import { type Address, formatAddress } from '../../ip/address.ts'
import { formatRangeSet, type RangeSet, rangeAround, rangeOf, roleOf } from '../range.ts'

/** A range set to give an address from, and the requested address, if any. */
export interface SetRequest {
  set: RangeSet
  address?: Address
}

/**
 * Assigns each requested address to the first set that includes it and has no requested address yet.
 * @param outside addresses of a set's subnets may lie outside of its ranges
 * @throws CniError of code 7 when an address fits no set, or is a gateway, network or broadcast address
 */
export function assignRequested(
  sets: readonly RangeSet[],
  requested: readonly Address[],
  outside = false,
): SetRequest[] {
  const find = outside ? rangeAround : rangeOf
  const rest = [...requested]
  const setRequests = sets.map((set) => {
    const at = rest.findIndex((address) => find(set, address))
    return at < 0 ? { set } : { set, address: rest.splice(at, 1)[0] }
  })
  if (rest.length > 0)
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `failed to allocate all requested IPs: ${rest.map(formatAddress).join(' ')}`,
      hint: `each range set gives one address: ${sets.map(formatRangeSet).join('; ')}`,
    })
  for (const setRequest of setRequests) refuseSpecial(setRequest)
  return setRequests
}

function refuseSpecial({ set, address }: SetRequest): void {
  const role = address && roleOf(set, address)
  if (!role) return
  const owner = role === 'gateway' ? "subnet's gateway" : `subnet's ${role} address`
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `requested ip ${formatAddress(address)} is ${owner}`,
    hint: `request another address of ${formatRangeSet(set)}`,
  })
}
