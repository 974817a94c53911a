/** Verbs that need etcd, called with the QuickJS executable: the Node executable runs them in its place. */

import { commandLine } from '#engine'
import { becomeAgent } from '../../shared/store/agent-program.ts'
import type { Call, Status } from '../form/verb.ts'
import { standard } from './executable.ts'

/**
 * Runs this very command line with `patchbay-agent`: with the same standard streams, process ID and terminal.
 * @returns never @throws CniError when it is not installed: it says how
 */
export function byNode(_call?: Call): Status {
  const [, ...words] = commandLine()
  return becomeAgent(words, standard)
}
