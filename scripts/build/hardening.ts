/** Compiler and linker flags for C. */

import type { Architecture } from './target.ts'

/** Marks for control-flow protection by the processor. musl has none, so the kernel does not turn it on (docs/engine.md). */
const ofProcessor: Record<Architecture, string[]> = {
  x64: ['-fcf-protection=full'],
  // The functions for atomic operations out of line are glibc's.
  arm64: ['-mbranch-protection=standard', '-mno-outline-atomics'],
}

export function compileFlags(architecture: Architecture): string[] {
  return [
    '-O2',
    '-fno-pie',
    '-fstack-protector-strong',
    '-fstack-clash-protection',
    ...ofProcessor[architecture],
    '-ffunction-sections',
    '-fdata-sections',
    // No code of C throws, and a debugger has the tables of a build of its own: they would be 60 KB of the executable.
    '-fno-asynchronous-unwind-tables',
    '-fno-unwind-tables',
  ]
}

/** Static, at a fixed address, because the heap contains addresses; no memory is writable and executable. */
export const linkFlags = [
  '-static',
  '-no-pie',
  '-Wl,-z,relro,-z,now,-z,noexecstack',
  '-Wl,--gc-sections',
  '-Wl,--build-id=none',
]
