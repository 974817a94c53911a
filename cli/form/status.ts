/** The exit status of a verb: 0 is fine, 1 a failure or a finding, 2 a wrong command line. */

import { Code, toCniError } from '../../shared/error/error.ts'
import type { Call, Status } from './verb.ts'

/** Runs a verb's action; its error is printed. @param verb its name */
export async function statusOf(
  verb: string,
  { complain }: Pick<Call, 'complain'>,
  action: () => Status | Promise<Status>,
): Promise<Status> {
  try {
    return await action()
  } catch (error) {
    const { code, complaint } = toCniError(error)
    const isMisuse = code === Code.InvalidEnvironment
    const hint = complaint.hint ?? (isMisuse ? `patchbay ${verb} --help` : undefined)
    complain(`patchbay ${verb}`, { ...complaint, hint })
    return isMisuse ? 2 : 1
  }
}
