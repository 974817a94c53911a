/** CHECK's error when a rule or element of ADD is missing or changed. */

import { CniError, Code } from '../error/error.ts'

/** @param see command that shows the present state */
export function missing(msg: string, see: string): CniError {
  const hint =
    'another program on this host removed or changed it: run `patchbay reapply`, or else DEL and ADD again'
  return new CniError(Code.Internal, { msg, hint, see })
}
