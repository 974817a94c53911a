/** `patchbay stay`: does nothing until it is told to end. The main container of a DaemonSet whose init containers do the work. */

import { holdEndingSignals } from '../shared/kernel/signals.ts'
import type { Output } from './reconcile.ts'

/** Waits for SIGTERM, SIGINT or SIGHUP. @returns the exit status: 0 */
export function stay({ out }: Output): number {
  const waitForOne = holdEndingSignals()
  out('stays until SIGTERM')
  waitForOne()
  return 0
}
