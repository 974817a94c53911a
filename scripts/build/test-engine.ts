/**
 * The QuickJS executable of tests: the same, with system calls that fail on request (test/engine/faults.c), and at its end a search
 * for stray writes to the heap (test/engine/immortal.c). It is never shipped.
 */

import { join } from 'node:path'
import { buildQuickjs } from './quickjs.ts'
import type { Architecture } from './target.ts'

const sources = ['faults.c', 'immortal.c'].map((name) => join(import.meta.dirname, '../../test/engine', name))
const flags = ['-Wl,--wrap=syscall,--wrap=execve,--wrap=clone']

export function buildTest(architecture: Architecture, work: string, outfile: string): Promise<void> {
  return buildQuickjs(architecture, work, outfile, undefined, { sources, flags })
}
