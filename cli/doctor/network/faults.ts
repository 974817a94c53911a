/** Faults of links, firewall and sysctls, in the order in which they are looked for. */

import type { Fault } from '../frame/fault.ts'

export const networkFaults: readonly Fault[] = []
