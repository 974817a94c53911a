/** Files that cannot be read are named and left out; the others count. */

import { toCniError } from '../../shared/error/error.ts'

import { isErrno } from '../../shared/kernel/errno.ts'

import type { Call } from '../form/verb.ts'

/** Is told of each such file, and why. */
export type LeftOut = (file: string, why: string) => void

/** Reads a file or a directory; nothing when that fails. */
export function trying<T>(file: string, read: (file: string) => T[], leftOut: LeftOut): T[] {
  try {
    return read(file)
  } catch (error) {
    const why = toCniError(error).message
    leftOut(file, isErrno(error, 'EACCES', 'EPERM') ? `${why}: only root sees it` : why)
    return []
  }
}

/** Tells the operator of each, on standard error. */
export function leftOutBy({ complain }: Pick<Call, 'complain'>): LeftOut {
  return (file, why) => complain(file, { msg: `left out: ${why}` })
}
