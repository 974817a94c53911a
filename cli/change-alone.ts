/** Runs the changes of a plan: one process at a time in a directory, and each change is printed. */

import { CniError, Code, toCniError } from '../shared/error/error.ts'
import { Open, withFile } from '../shared/kernel/files.ts'
import { withDescriptorLock } from '../shared/kernel/lock.ts'
import { block } from './block.ts'
import type { Change } from './installation/change.ts'
import type { Output } from './reconcile.ts'

const PATIENCE = 10_000

/** Makes changes while this process alone changes the directory. They are computed under the lock. @returns how many */
export function changeAlone(directory: string, plan: () => Change[], { out }: Output): number {
  const limit = { milliseconds: PATIENCE, timedOut }
  const change = () => {
    const changes = plan()
    for (const { says, make } of changes) {
      make()
      out(says)
    }
    return changes.length
  }
  return withFile(`${directory}/.`, Open.RDONLY, (fd) => withDescriptorLock(fd, directory, change, limit))
}

function timedOut(directory: string): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `another patchbay install has been changing ${directory} for ${PATIENCE / 1000} s`,
    see: `fuser -v ${directory}`,
  })
}

/** The exit status of an action; its error is printed. 1 is a failure, 2 a wrong command line. */
export function statusOf(verb: string, output: Output, action: () => number): number {
  try {
    return action()
  } catch (error) {
    const { code, complaint } = toCniError(error)
    output.err(block(`patchbay ${verb}`, complaint))
    return code === Code.InvalidEnvironment ? 2 : 1
  }
}
