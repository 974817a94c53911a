/** All faults, in the order in which they are looked for. */

import type { Fault } from './frame/fault.ts'
import { networkFaults } from './network/faults.ts'
import { nodeFaults } from './node/faults.ts'

export const faults: readonly Fault[] = [...nodeFaults, ...networkFaults]
