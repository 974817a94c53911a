/** The warning that a port is at ::1: the kernel routes no answer of a container to that address. */

import type { Log } from '../../shared/error/log.ts'
import { hostPortOf, type PortRules } from '../../shared/firewall/portmap-rules.ts'

/** Says which ports no client reaches. */
export function warnOfLoopback(rules: PortRules[], log: Log): void {
  for (const one of rules.flatMap(({ mappings }) => mappings))
    if (one.hostIP?.family === 6 && one.hostIP.value === 1n)
      log.warn(`host port ${hostPortOf(one)} is reached by no client: map it at 127.0.0.1`)
}
