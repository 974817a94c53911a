/** The QuickJS executable of tests: the same, with system calls that fail on request (test/engine/faults.c). It is never shipped. */

import { join } from 'node:path'
import { buildQuickjs } from './quickjs.ts'
import type { Architecture } from './target.ts'

const source = join(import.meta.dirname, '../../test/engine/faults.c')

export function buildTest(architecture: Architecture, work: string, outfile: string): Promise<void> {
  return buildQuickjs(architecture, work, outfile, undefined, {
    sources: [source],
    flags: ['-Wl,--wrap=syscall,--wrap=execve,--wrap=clone'],
  })
}
