/** Compiler and linker flags of everything compiled from C. */

import type { Architecture } from './target.ts'

/** What a processor can do against jumps to where no jump should go. */
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

/** Static, yet loaded at a random address; nothing writable is executable, no table stays writable. */
export const linkFlags = [
  '-static-pie',
  '-Wl,-z,relro,-z,now,-z,noexecstack',
  '-Wl,--gc-sections',
  '-Wl,--build-id=none',
  '-Wl,--strip-all',
]
