/** Reads files with secrets; a file that other users than root can access is refused. */

import { readRegular } from './regular.ts'
import type { Stat } from './stat.ts'

/** Other users than root can access a file with a secret. The message says why. */
export class Exposed extends Error {}

/**
 * Reads a whole text file that belongs to root and has no permissions for group and others.
 * @throws Exposed when other users can access it; KernelError when it cannot be read
 */
export function readSecret(path: string): string {
  return readRegular(path, requirePrivate)
}

function requirePrivate({ owner, mode }: Stat): void {
  if (owner !== 0) throw new Exposed(`it belongs to user ${owner}, not to root`)
  if (mode & 0o077)
    throw new Exposed(`others have access to it (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`)
}
