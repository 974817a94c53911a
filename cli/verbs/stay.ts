/** `patchbay stay`: does nothing until it is told to end. The main container of a DaemonSet whose init containers do the work. */

import { holdEndingSignals } from '../../shared/kernel/signals.ts'
import type { Verb } from '../form/verb.ts'

export const stay: Verb = {
  summary: 'waits for SIGTERM, SIGINT or SIGHUP',
  text: ['It is the main container of a DaemonSet whose init container has installed the plugins.'],
  example: { call: 'stay', does: 'keep a pod running that has nothing more to do' },
  run({ out }) {
    const waitForOne = holdEndingSignals()
    out('stays until SIGTERM')
    waitForOne()
    return 0
  },
}
