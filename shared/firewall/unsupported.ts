/** Recognizes from the kernel's errors that it lacks nf_tables. Programs and modules are not looked up. */

import { isErrno, type KernelError } from '../kernel/errno.ts'

/**
 * Whether an error means that the kernel lacks nf_tables, the family, or NAT in it. ENOENT: unknown type of chain or
 * expression.
 */
export function isUnsupported(error: unknown): error is KernelError {
  return isErrno(error, 'EOPNOTSUPP', 'EPROTONOSUPPORT', 'EAFNOSUPPORT', 'ENOENT')
}

/** Runs an action. @returns undefined when the kernel lacks nf_tables, so that no rule can exist */
export function unlessUnsupported<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (isUnsupported(error)) return undefined
    throw error
  }
}
