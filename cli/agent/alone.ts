/** There is one agent on a host: it holds the lock of a file below /run/patchbay. */

import { CniError, Code } from '../../shared/error/error.ts'
import { type Fd, makeDirectory } from '../../shared/kernel/files.ts'
import { lock } from '../../shared/kernel/lock.ts'
import { stateDirectory } from '../../shared/kernel/state-directory.ts'
import { explaining } from '../../shared/state/explain.ts'
import { holderOf } from '../../shared/state/holder.ts'

/** @returns the lock's descriptor: closing it, or the end of the process, releases it @throws CniError when another agent runs */
export function takeAgentLock(directory = stateDirectory): Fd {
  return explaining(directory, () => {
    makeDirectory(directory)
    return lock(`${directory}/agent.lock`, { milliseconds: 0, timedOut })
  })
}

function timedOut(path: string): CniError {
  const holder = holderOf(path)
  return new CniError(Code.TryAgainLater, {
    msg: `an agent runs on this host: ${holder ? `process ${holder.pid} (${holder.description})` : 'another process'} holds its lock`,
    hint: 'one agent serves all networks of a host: systemctl status patchbay-agent',
    path,
    see: holder ? `ps -o pid,lstart,args -p ${holder.pid}` : `fuser -v ${path}`,
  })
}
