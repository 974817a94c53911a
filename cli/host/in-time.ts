/** Keeps one plugin that does not answer from holding up a run for hours: each container would wait for it again. */

import { CniError, Code } from '../../shared/error/error.ts'
import { now } from '../../shared/kernel/clock.ts'
import type { Step } from './deletion.ts'

/** Less than a plugin waits for a lock, milliseconds. */
const LONGEST = 15_000

/**
 * Runs a step, unless its plugin took too long before it failed.
 * @param slow the plugins that did @param clock milliseconds
 * @throws CniError of the step, or of code 11
 */
export async function inTime(
  { plugin, run }: Pick<Step, 'plugin' | 'run'>,
  slow: Set<string>,
  clock = now,
): Promise<void> {
  if (slow.has(plugin)) throw tooSlow(plugin)
  const begin = clock()
  try {
    await run()
  } catch (error) {
    if (clock() - begin > LONGEST) slow.add(plugin)
    throw error
  }
}

function tooSlow(plugin: string): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `${plugin} failed after more than ${LONGEST / 1000} s before: it is not called again in this run`,
    hint: 'its first error tells why',
  })
}
