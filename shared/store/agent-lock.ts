/** The lock that `patchbay agent` holds as long as it runs: one agent for each host. */

import { isLocked } from '../kernel/lock.ts'
import { stateDirectory } from '../kernel/state-directory.ts'

export const agentLock = `${stateDirectory}/agent.lock`

/** Whether `patchbay agent` runs on this host, in whichever PID namespace. */
export function agentRuns(): boolean {
  return isLocked(agentLock)
}

/** For warnings of ADD and CHECK. */
export const noAgent =
  'no patchbay agent runs on this host: it and other hosts learn nothing new of each other: systemctl start patchbay-agent'
