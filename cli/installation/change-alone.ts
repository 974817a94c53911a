/** Runs the changes of a plan: one process at a time in a directory, and each change is printed. */

import { CniError, Code } from '../../shared/error/error.ts'
import { Open, withFile } from '../../shared/kernel/files.ts'
import { withDescriptorLock } from '../../shared/kernel/lock.ts'
import type { Output } from '../form/verb.ts'
import type { Change } from './change.ts'

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
