/** `patchbay reapply`: restores the rules of live containers in the firewall, after another program has removed them. */

import { attachmentKey } from '../shared/cni/identity.ts'
import { reapply as reapplyAll } from '../shared/firewall/reapply.ts'
import { block } from './block.ts'
import type { Output } from './reconcile.ts'

/** Prints a line for each attachment and feature. @returns the exit status: 1 if one could not be restored */
export async function reapply({ out, err }: Output): Promise<number> {
  let failures = 0
  await reapplyAll(({ feature, attachment, error }) => {
    const where = `${attachmentKey(attachment)}: ${feature}`
    if (error) {
      err(block(where, error.complaint))
      failures++
    } else out(`${where}: is in the firewall`)
  })
  return failures > 0 ? 1 : 0
}
