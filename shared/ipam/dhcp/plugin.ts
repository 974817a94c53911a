/** dhcp: addresses from the network's own servers. */

import type { Plugin } from '../../cni/plugin.ts'
import { CniError, Code } from '../../error/error.ts'
import { config, type DhcpConfig } from './config.ts'
import { entryOf, journal, withJournal } from './journal.ts'
import { renewed } from './renewed.ts'

export const dhcp: Plugin<DhcpConfig> = {
  name: 'dhcp',
  summary: "gives addresses of the network's own DHCP servers, and of routers' advertisements",
  config,
  args: ['K8S_POD_NAMESPACE', 'K8S_POD_NAME', 'NERDCTL_CNI_DHCP_HOSTNAME'],
  add() {
    throw new CniError(Code.Internal, { msg: 'dhcp: ADD is not there yet', hint: 'use another IPAM plugin' })
  },
  del: (request) => withJournal(() => journal.forget(request)),
  check() {},
  usesLink: () => true,
  current(request, result) {
    const entry = entryOf(request)
    return entry ? renewed(result, entry.given, entry.now) : result
  },
}
