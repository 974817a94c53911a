/** A limit of the oldest spec versions: one address per family. */

import { atLeast, type SpecVersion } from '../cni/version.ts'
import { CniError, Code } from '../error/error.ts'
import type { Address } from '../ip/address.ts'

/**
 * Refuses a second address of a family in versions 0.1.0 and 0.2.0, whose results hold only one.
 * @throws CniError of code 7
 */
export function requireOnePerFamily(addresses: readonly Address[], cniVersion = '0.1.0'): void {
  const families = addresses.map(({ family }) => family)
  if (atLeast(cniVersion as SpecVersion, '0.3.0') || new Set(families).size === families.length) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `CNI version ${cniVersion} does not support more than 1 address per family`,
    hint: 'set cniVersion to 0.3.1 or newer, or give one address of each family',
  })
}
