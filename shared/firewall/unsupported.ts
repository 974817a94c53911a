/** Whether the kernel can do what a back end needs is told by its answer, never by looking for programs or modules. */

import { isErrno } from '../kernel/errno.ts'

/**
 * Whether an error says that the kernel lacks nf_tables, or the family, or NAT in it (ENOENT for an unknown kind of
 * chain or expression), and not that the attempt was wrong.
 */
export function isUnsupported(error: unknown): boolean {
  return isErrno(error, 'EOPNOTSUPP', 'EPROTONOSUPPORT', 'EAFNOSUPPORT', 'ENOENT')
}

/** Runs an action; gives undefined where there is no kernel support, hence nothing to be found. */
export function unlessUnsupported<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (isUnsupported(error)) return undefined
    throw error
  }
}
