/** What is loaded before the libc of the node executable: faults in its system calls (test/engine/faults.c), or a wrong clock (clock.c). */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { command } from './command.ts'
import { scratch } from './host.ts'

/** Compiles it. @returns the environment variable that loads it into a plugin and into the programs that it runs */
export function preloaded(): { LD_PRELOAD: string } {
  return { LD_PRELOAD: compiled('faults', 'preload') }
}

/**
 * A wrong clock, which the static QuickJS executable does not see; the programs that it runs do.
 * @param seconds ahead of the right time @returns environment variables
 */
export function wrongClock(seconds: number): { LD_PRELOAD: string; PATCHBAY_CLOCK: string } {
  return { LD_PRELOAD: compiled('clock'), PATCHBAY_CLOCK: `${seconds}` }
}

/** Compiles sources of test/engine, once. @returns the library, which has the first one's name */
function compiled(...names: [string, ...string[]]): string {
  const library = `${scratch}/${names[0]}.so`
  const sources = names.map((name) => join(import.meta.dirname, `../engine/${name}.c`))
  if (!existsSync(library)) command('cc', '-shared', '-fPIC', '-O1', '-o', library, ...sources)
  return library
}
