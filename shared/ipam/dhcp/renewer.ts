/** The lock that `patchbay dhcp` holds as long as it runs: one for each host. */

import { isLocked } from '../../kernel/lock.ts'
import { stateDirectory } from '../../kernel/state-directory.ts'

export const renewerLock = `${stateDirectory}/dhcp-renews.lock`

/** Whether `patchbay dhcp` runs on this host, in whichever PID namespace. */
export function dhcpRuns(): boolean {
  return isLocked(renewerLock)
}

/** For warnings of ADD, CHECK and STATUS. */
export const noRenewer =
  'no patchbay dhcp runs on this host: leases of DHCP end without being renewed: systemctl start patchbay-dhcp'
