/** CHECK's error when a rule or element of ADD is missing or changed. */

import { CniError, Code } from '../error/error.ts'

/** @param see command that shows the present state */
export function missing(msg: string, see: string): CniError {
  const hint =
    'another program removed or changed it: `patchbay reapply` restores what is missing; else run DEL and ADD again'
  return new CniError(Code.Internal, { msg, hint, see })
}
