/** What CHECK says when something of ours is not where ADD put it. */

import { CniError, Code } from '../cni/error.ts'

/** @param see shows what is there instead */
export function missing(msg: string, see: string): CniError {
  const hint =
    'run DEL and ADD again to repair the attachment; something else on this host removed or changed it'
  return new CniError(Code.Internal, { msg, hint, see })
}
