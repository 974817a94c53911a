/** The lock that `patchbay dhcp` holds as long as it runs: one for each host. */

import { isLocked } from '../../kernel/lock.ts'
import { stateDirectory } from '../../kernel/state-directory.ts'

/** Not the journal's own lock, which is held for moments. */
export const renewerLock = `${stateDirectory}/dhcp-renews.lock`

/** Whether `patchbay dhcp` runs on this host, in whichever PID namespace. */
export function dhcpRuns(): boolean {
  return isLocked(renewerLock)
}

/** For warnings of CHECK and STATUS. */
export const noRenewer =
  'patchbay dhcp does not run on this host: no lease is renewed, and addresses are lost when theirs end: systemctl start patchbay-dhcp'
