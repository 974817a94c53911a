/** Compiler and linker flags for C. */

import type { Architecture } from './target.ts'

/** Control-flow protection by the processor: it allows indirect jumps only to marked targets. */
const branchProtection: Record<Architecture, string> = {
  x64: '-fcf-protection=full',
  arm64: '-mbranch-protection=standard',
}

export function compileFlags(architecture: Architecture): string[] {
  return [
    '-O2',
    '-fPIE',
    '-fstack-protector-strong',
    '-fstack-clash-protection',
    '-D_FORTIFY_SOURCE=2',
    branchProtection[architecture],
    '-ffunction-sections',
    '-fdata-sections',
  ]
}

/** Static, but loaded at a random address; no memory is writable and executable, and relocation tables become read-only. */
export const linkFlags = [
  '-static-pie',
  '-Wl,-z,relro,-z,now,-z,noexecstack',
  '-Wl,--gc-sections',
  '-Wl,--build-id=none',
  '-Wl,--strip-all',
]
