/** Faults in the system calls of the node executable: test/engine/faults.c, loaded before libc. */

import { join } from 'node:path'
import { command } from './command.ts'
import { scratch } from './host.ts'

const sources = ['faults.c', 'preload.c'].map((name) => join(import.meta.dirname, '../engine', name))

/** Compiles it. @returns the environment variable that loads it into a plugin and into the programs that it runs */
export function preloaded(): { LD_PRELOAD: string } {
  const library = `${scratch}/faults.so`
  command('cc', '-shared', '-fPIC', '-O1', '-o', library, ...sources)
  return { LD_PRELOAD: library }
}
