/** The agent's log: `patchbay agent: warning: …` on standard error, one line for each event. */

import { type Log, silent, stderrLog } from '../../shared/error/log.ts'

export const levels = ['error', 'warning', 'info'] as const
export type Level = (typeof levels)[number]

/** Lines of a level and above. What the agent ends for is always written. */
export function logOf(level: Level): Log {
  const { warn, info } = stderrLog('agent')
  const from = levels.indexOf(level)
  return {
    warn: from >= levels.indexOf('warning') ? warn : silent.warn,
    info: from >= levels.indexOf('info') ? info : silent.info,
  }
}
