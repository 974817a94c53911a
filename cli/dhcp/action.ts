/** What is done for a lease when its time has come. */

import { type Dated, isDue, stateAt } from './schedule.ts'

/** reboot: whether an address of which the time is over, or may be, is still this client's (RFC 2131 section 4.3.2, INIT-REBOOT). */
export type Action = 'wait' | 'renew' | 'rebind' | 'reboot' | 'acquire'

export interface Situation {
  /** Attempts since the last answer. */
  tries: number
  /** The interface still has the lease's addresses, as far as the journal knows. */
  hasAddress: boolean
}

/**
 * A lease that ends unnoticed, while the machine slept or no renewer ran, is asked for once more before the addresses go. One that ends while
 * its servers are silent is not.
 */
export function actionAt(lease: Dated, now: number, { tries, hasAddress }: Situation): Action {
  const state = stateAt(lease, now)
  if (state === 'bound' && !isDue(lease, now)) return 'wait'
  if (state === 'bound' || state === 'renewing') return 'renew'
  if (state === 'rebinding') return 'rebind'
  return tries === 0 && hasAddress ? 'reboot' : 'acquire'
}
