/** Which addresses of a pool can be given to containers. */

import { families, formatAddress } from '../../ip/address.ts'
import type { Usable } from '../../store/claims/blocks.ts'
import type { PoolDefinition } from '../../store/pool.ts'
import { withoutExcluded } from '../exclude.ts'
import { specialsOf, withHoles } from '../range.ts'

/**
 * The addresses of all ranges without those that are excluded, gateways, network and broadcast addresses.
 * @throws CniError of code 7 for ranges that cannot be
 */
export function usableOf({ ranges }: Pick<PoolDefinition, 'ranges'>): Usable[] {
  const all = ranges.flatMap((range, at) => withHoles(range, `ranges[${at}]`))
  return families.flatMap((family) => {
    const set = all.filter(({ start }) => start.family === family)
    const specials = specialsOf(set).map(formatAddress)
    return set.flatMap((range) => withoutExcluded(range, specials))
  })
}
