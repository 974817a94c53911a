/** There is one renewer on a host: it holds the lock of a file below /run/patchbay. */

import { CniError, Code } from '../../shared/error/error.ts'
import { renewerLock } from '../../shared/ipam/dhcp/renewer.ts'
import { type Fd, makeDirectory } from '../../shared/kernel/files.ts'
import { lock } from '../../shared/kernel/lock.ts'
import { stateDirectory } from '../../shared/kernel/state-directory.ts'
import { explaining } from '../../shared/state/explain.ts'
import { holderOf } from '../../shared/state/holder.ts'

/** @returns the lock's descriptor: the end of the process releases it @throws CniError when another one runs */
export function takeRenewerLock(): Fd {
  return explaining(stateDirectory, () => {
    makeDirectory(stateDirectory)
    return lock(renewerLock, { milliseconds: 0, timedOut })
  })
}

function timedOut(path: string): CniError {
  const holder = holderOf(path)
  return new CniError(Code.TryAgainLater, {
    msg: `patchbay dhcp runs on this host already: ${holder ? `process ${holder.pid} (${holder.description})` : 'another process'} holds its lock`,
    hint: 'one renews the leases of all networks of a host: systemctl status patchbay-dhcp',
    path,
    see: holder ? `ps -o pid,lstart,args -p ${holder.pid}` : `fuser -v ${path}`,
  })
}
