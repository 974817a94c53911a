/** The clock of files, which goes on by ticks: of 4 ms, or more on a busy machine. */

import { fileClock } from '../../shared/kernel/clock.ts'
import { pause } from './until.ts'

/** Waits for the next tick: GC keeps what was made in the one in which it begins, since that may be newer than its list. */
export function passTick(): void {
  const begun = fileClock()
  while (fileClock() === begun) pause(1)
}
