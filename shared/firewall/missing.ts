/** What CHECK says when something of ours is not where ADD put it. */

import { CniError, Code } from '../cni/error.ts'

/** @param command shows what is there instead */
export function missing(msg: string, command: string): CniError {
  const hint =
    'run DEL and ADD again to repair the attachment; something else on this host removed or changed it'
  return new CniError(Code.Internal, { msg, command, hint })
}
