/** Host ports at 127.0.0.1 need a sysctl of the interface to their container. */

import type { PortmapRecord } from '../../../shared/firewall/portmap-record.ts'
import { readSysctl } from '../../../shared/kernel/sysctl.ts'
import type { Fault } from '../frame/fault.ts'
import { portRecords } from './elements.ts'
import { sysctlFinding } from './sysctls.ts'
import { linksByName, settingsOf } from './tables.ts'

export const localnetOff: Fault = {
  id: 'route-localnet-off',
  title: 'host ports do not answer at 127.0.0.1',
  severity: 'error',
  look(view) {
    if (readSysctl('ipv4', 'conf', 'all', 'route_localnet') === '1') return []
    const names = new Set(portRecords(view).flatMap(linksOf))
    return [...names].flatMap((name) => {
      const link = linksByName(view).get(name)
      if (!link || settingsOf(view).get(link.index)?.ipv4('route_localnet') !== 0) return []
      const cause = `the kernel sends nothing from 127.0.0.0/8 by ${name}, so host ports of its containers do not answer at 127.0.0.1`
      return [sysctlFinding(['ipv4', 'conf', name, 'route_localnet'], '0', '1', { subject: name, cause })]
    })
  },
}

/** What `localnetLinks` tells of a record's rules. */
function linksOf({ rules }: PortmapRecord): string[] {
  return rules.flatMap(({ address, via, snat }) => (!address.includes(':') && snat && via ? via : []))
}
