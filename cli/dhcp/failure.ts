/** What fails on this host for one lease: it is logged and tried again, and keeps no other lease waiting. */

import type { Action } from './action.ts'
import { nameOf, type Renewer, type Slot } from './renewer.ts'

/** How long a lease is left alone after a failure on this host, milliseconds. */
const afterFailure = 10_000

/** Does something for a lease. What fails is logged, and tried again. */
export function guarded(renewer: Renewer, slot: Slot, action: () => void): void {
  const { log, now } = renewer.host
  try {
    action()
    slot.failures = 0
  } catch (error) {
    slot.at = now() + afterFailure
    if (isPowerOfTwo(++slot.failures)) log.warn(`the lease ${nameOf(slot)}: ${textOf(error)}`)
  }
}

/** What a container can make fail for ever does not fill the log: the first failure is told, the second, the fourth, and so on. */
const isPowerOfTwo = (count: number) => (count & (count - 1)) === 0

/** A change that the interface does not take is tried again, and does not keep the lease from being renewed. */
export function completed({ host }: Renewer, slot: Slot, action: Action, complete: () => boolean): boolean {
  try {
    return complete()
  } catch (error) {
    if (action !== 'renew' && action !== 'rebind') throw error
    host.log.warn(`the lease ${nameOf(slot)}: ${textOf(error)}`)
    return true
  }
}

const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
