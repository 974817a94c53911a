/** The exit status of a verb: 0 is fine, 1 a failure or a finding, 2 a wrong command line. */

import { Code, toCniError } from '../shared/error/error.ts'
import { block } from './block.ts'
import type { Output } from './reconcile.ts'

/** Runs a verb's action, which gives its status; its error is printed. */
export async function statusOf(
  verb: string,
  output: Output,
  action: () => number | Promise<number>,
): Promise<number> {
  try {
    return await action()
  } catch (error) {
    const { code, complaint } = toCniError(error)
    output.err(block(`patchbay ${verb}`, complaint))
    return code === Code.InvalidEnvironment ? 2 : 1
  }
}
