/** The log of a service: `patchbay agent: warning: …` on standard error, one line for each event. */

import { type Log, silent, stderrLog } from '../../shared/error/log.ts'

export const levels = ['error', 'warning', 'info'] as const
export type Level = (typeof levels)[number]

/** Lines of a level and above. What the service ends for is always written. @param service the verb: `agent` */
export function logOf(service: string, level: Level): Log {
  const { warn, info } = stderrLog(service)
  const from = levels.indexOf(level)
  return {
    warn: from >= levels.indexOf('warning') ? warn : silent.warn,
    info: from >= levels.indexOf('info') ? info : silent.info,
  }
}
