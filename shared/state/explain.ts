/** What to do when a file of ours cannot be read or written. */

import { CniError, Code, factsOf } from '../error/error.ts'
import { remedyOf } from '../error/remedy.ts'
import { KernelError } from '../kernel/errno.ts'

/**
 * Adds a remedy to errors of a missing, full, read-only or protected directory.
 * @param orElse what can be done besides, where the directory cannot be written
 * @throws CniError of code 5 for a KernelError
 */
export function explaining<T>(directory: string, action: () => T, orElse?: string): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    const { message: msg, errno } = error
    const hint = remedies(directory, orElse)[errno] ?? remedyOf(error)
    throw new CniError(Code.IoFailure, { msg, hint, ...factsOf(error) })
  }
}

function remedies(directory: string, orElse?: string): Record<string, string> {
  const full = `make room: df -h ${directory}; df -i ${directory}`
  const readOnly = `mount it writable${orElse ? `, or ${orElse}` : ''}: findmnt -T ${directory}`
  const denied = `run the plugin as root; if it is root, look at the permissions: namei -l ${directory}; lsattr -d ${directory}`
  const none = `it must be a directory, or a link to one: namei -l ${directory}`
  return {
    ENOSPC: full,
    EDQUOT: full,
    EROFS: readOnly,
    EACCES: denied,
    EPERM: denied,
    ENOENT: none,
    ENOTDIR: none,
    ELOOP: none,
  }
}
