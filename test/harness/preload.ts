/** What is loaded before the libc of the node executable: faults in its system calls (test/engine/faults.c), or a wrong clock (clock.c). */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { syscallNumbers } from '../../shared/kernel/syscall.ts'
import { command } from './command.ts'
import { isFullRun } from './full.ts'
import { scratch } from './host.ts'

/** Compiles it. @returns the environment variable that loads it into a plugin and into the programs that it runs */
export function preloaded(): { LD_PRELOAD: string } {
  return { LD_PRELOAD: compiled('faults', 'preload') }
}

/**
 * The places of a traced program where it changes a file, `NUMBER:NTH` each: before the file has its name, and after.
 * @param calls the file that PATCHBAY_CALLS named
 */
export function fileChanges(calls: string): string[] {
  const { renameat2, unlinkat } = syscallNumbers
  const made = readFileSync(calls, 'utf8').trim().split('\n')
  const renames = made.filter((call) => call.startsWith(`${renameat2}:`))
  return renames.flatMap((rename) => {
    const rest = made.slice(made.indexOf(rename))
    return [rename, ...rest.filter((call) => call.startsWith(`${unlinkat}:`)).slice(0, 1)]
  })
}

/**
 * Of places of `fileChanges` those before each file has its name, and the one after the last; with `npm run test:full` all.
 * @param without how many files at the beginning are left out
 */
export function fewer(places: readonly string[], without = 0): readonly string[] {
  const isLast = (at: number) => at === places.length - 1
  return isFullRun() ? places : places.filter((_, at) => (at >= 2 * without && at % 2 === 0) || isLast(at))
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
