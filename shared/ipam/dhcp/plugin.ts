/** dhcp: addresses from the network's own servers. */

import type { Plugin } from '../../cni/plugin.ts'
import { add } from './add.ts'
import { check, status } from './check.ts'
import { config, type DhcpConfig } from './config.ts'
import { del, gc } from './end.ts'
import { textOf } from './identity.ts'
import { entryOf } from './journal.ts'
import { renewed } from './renewed.ts'
import { nowOf } from './v6/kernel-now.ts'

export const dhcp: Plugin<DhcpConfig> = {
  name: 'dhcp',
  summary: "gives addresses of the network's own DHCP servers, and of routers' advertisements",
  config,
  args: ['K8S_POD_NAMESPACE', 'K8S_POD_NAME', 'NERDCTL_CNI_DHCP_HOSTNAME'],
  prepare: (request) => void textOf(request),
  add,
  del,
  check,
  status,
  gc,
  usesLink: () => true,
  current(request, result) {
    const entry = entryOf(request)
    return entry ? renewed(result, entry.given, nowOf(entry, request.netns)) : result
  },
}
