/** Faults of plugins, lists, runtimes, state and addresses, in the order in which they are looked for. */

import type { Fault } from '../frame/fault.ts'
import { damagedRecords } from './records.ts'

export const nodeFaults: readonly Fault[] = [damagedRecords]
