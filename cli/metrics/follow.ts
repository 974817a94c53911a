/** Shows the log of calls as it grows, over its rotations. */

import type { Settings } from '../../shared/call-log/settings.ts'
import { sleep } from '../../shared/kernel/clock.ts'
import { close } from '../../shared/kernel/files.ts'
import { linesOf, newerThan, type Source } from './log-files.ts'

/** Between two looks, milliseconds. */
const PAUSE = 200

/** Takes new lines. @param source the file that was read last; closed when another one follows @param isOver whether they are read no more */
export function follow(
  source: Source | undefined,
  settings: Settings,
  take: (lines: string[]) => void,
  isOver: () => boolean,
): void {
  for (let current = source; !isOver(); sleep(PAUSE)) {
    // First which files there are: what is written to this one after its renaming is read now, too.
    const newer = newerThan(current, settings)
    for (const one of current ? [current, ...newer] : newer) {
      for (const lines of linesOf(one)) take(lines)
      if (current && one !== current) close(current.fd)
      current = one
    }
  }
}
