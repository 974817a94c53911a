/** The longest burst of htb, which limits what subnets are limited by: it knows a burst by its time only, 32 bits of ticks. */

import type { Complaint } from '../../shared/error/error.ts'
import { LONGEST } from '../../shared/netlink/traffic-control.ts'
import { limitOf } from './limit.ts'
import { type Asking, directions, subnetsOf, wishOf } from './rules.ts'

/** Ethernet's usual MTU: what the link has is not known yet. */
const MTU = 1500

/** Refuses a limit with subnets whose burst would be another one in the kernel. */
export function faultOfLongBurst(config: Asking): Complaint | undefined {
  if (!subnetsOf(config)) return undefined
  for (const direction of directions) {
    const wish = wishOf(config, direction)
    const limit = wish && limitOf(wish, 1, MTU)
    if (limit && limit.burst / limit.rate > LONGEST)
      return {
        msg: `${direction}Rate of ${wish.rate} with subnets: its burst of ${limit.burst} bytes would last more than ${Math.floor(LONGEST)} s`,
        hint: `the kernel's htb has no longer burst: set a higher ${direction}Rate or a smaller ${direction}Burst, or remove the subnets`,
      }
  }
  return undefined
}
