/** Which addresses of a pool can be given to containers. */

import { type Address, formatAddress } from '../../ip/address.ts'
import { lastOf, networkOf } from '../../ip/subnet.ts'
import type { Usable } from '../../store/claims/blocks.ts'
import type { PoolDefinition } from '../../store/pool.ts'
import { withoutExcluded } from '../exclude.ts'
import { type Range, roleOf, withHoles } from '../range.ts'

/**
 * The addresses of all ranges without those that are excluded, gateways, network and broadcast addresses.
 * @throws CniError of code 7 for ranges that cannot be
 */
export function usableOf({ ranges }: Pick<PoolDefinition, 'ranges'>): Usable[] {
  const all = ranges.flatMap((range, at) => withHoles(range, `ranges[${at}]`))
  return all.flatMap((range) => {
    const set = all.filter(({ start }) => start.family === range.start.family)
    return withoutExcluded(range, set.flatMap(specialsOf(set)).map(formatAddress))
  })
}

function specialsOf(set: readonly Range[]): (range: Range) => Address[] {
  return ({ subnet, gateway }) =>
    [...(gateway ? [gateway] : []), networkOf(subnet), lastOf(subnet)].filter((one) => roleOf(set, one))
}
