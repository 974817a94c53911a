/** The clock of files, which goes on by ticks: of 4 ms, or more on a busy machine. */

import { fileClock, wallClock } from '../../shared/kernel/clock.ts'
import { pause } from './until.ts'

/**
 * Waits until a file that is made now is older than the last tick: GC keeps what was made since then, which may be newer than its list. Since
 * Linux 6.13 a file may have the exact time, which is up to two ticks ahead.
 */
export function passTick(): void {
  const begun = wallClock()
  while (fileClock() <= begun) pause(1)
}
