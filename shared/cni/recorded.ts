/** Whether a call is logged: the key `log` or PATCHBAY_LOG asks for it. Otherwise nothing is loaded and the machine is asked nothing. */

import type { CallRecord } from '../call-log/record.ts'
import type { Call } from './request.ts'

/**
 * The record of a call; undefined when it is not logged. A failure to log is no failure of the call.
 * @param env has the variables of the call @param log where its messages go besides
 */
export async function recordOf(
  { name: plugin }: { name: string },
  { env, log }: Pick<Call, 'env' | 'log'>,
  raw: Record<string, unknown>,
): Promise<CallRecord | undefined> {
  const level = env.PATCHBAY_LOG || raw.log
  if (level !== 'info' && level !== 'debug') return undefined
  try {
    return (await import('../call-log/record.ts')).record({ plugin, env, network: raw.name, level }, log)
  } catch {
    return undefined
  }
}
