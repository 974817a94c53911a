/** How full each range is, and which addresses are in none. */

import { formatAddress } from '../../shared/ip/address.ts'
import { formatCidr } from '../../shared/ip/subnet.ts'
import { capacity, formatRangeSet, rangeOf, roleOf } from '../../shared/ipam/range.ts'
import type { NetworkRange } from './ranges.ts'
import type { Store } from './stores.ts'

/** Counts of a range set. Above 2^53 they are not exact. */
export interface Fullness {
  network: string
  directory: string
  range: string
  /** The pool whose blocks these are. */
  pool?: string
  subnets: string[]
  gateways: string[]
  size: number
  used: number
  free: number
  /** Of the size that is used, in percent. */
  percent: number
}

export function fullnessOf(
  { network, directory, set, pool }: NetworkRange,
  stores: readonly Store[],
): Fullness {
  const holders = stores.find((store) => store.directory === directory)?.holders ?? []
  const inside = holders.filter(({ address }) => rangeOf(set, address) && !roleOf(set, address))
  const [size, used] = [Number(capacity(set)), inside.length]
  return {
    ...{ network, directory, range: formatRangeSet(set), ...(pool !== undefined && { pool }) },
    subnets: unique(set.map(({ subnet }) => formatCidr(subnet))),
    gateways: unique(set.flatMap(({ gateway }) => (gateway ? formatAddress(gateway) : []))),
    ...{ size, used, free: Math.max(0, size - used) },
    percent: Math.round((used / Math.max(1, size)) * 1000) / 10,
  }
}

const unique = (texts: readonly string[]) => [...new Set(texts)]
