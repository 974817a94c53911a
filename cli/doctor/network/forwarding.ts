/** Switches of the kernel without which it does not route for containers, or loses its own routes because it does. */

import { type Family, families } from '../../../shared/ip/address.ts'
import { readSysctl } from '../../../shared/kernel/sysctl.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { gatewayLinkOf } from './routed.ts'
import { Protocol, routesOf } from './routes.ts'
import { sysctlFinding, sysctlName } from './sysctls.ts'
import { linksByIndex, linksByName, settingsOf } from './tables.ts'
import { routedFamilies, type Wired, wiredOf } from './wired.ts'

const switches = { 4: ['ipv4', 'ip_forward'], 6: ['ipv6', 'conf', 'all', 'forwarding'] } as const

export const forwardingOff: Fault = {
  id: 'forwarding-off',
  title: 'IP forwarding is off',
  severity: 'error',
  look(view) {
    const routed = families.flatMap((family) => {
      const wired = wiredOf(view).filter((one) => routedFamilies(one).has(family))
      return wired.length > 0 ? [{ family, wired }] : []
    })
    return routed.flatMap(({ family, wired }) => {
      if (readSysctl(...switches[family]) === '0') return [switchedOff(family, wired.length)]
      return family === 4 ? linksOff(view, wired) : []
    })
  },
}

/** ADD switches it on: another program has switched it off since. */
function switchedOff(family: Family, count: number): Finding {
  return sysctlFinding(switches[family], '0', '1', {
    subject: `IPv${family}`,
    cause: `the kernel forwards no packets, so ${count} attachments whose gateway is this host reach nothing but it`,
  })
}

/** IPv4 has a switch for each link at which packets arrive, too. */
function linksOff(view: View, wired: readonly Wired[]): Finding[] {
  const names = new Set(wired.flatMap((one) => gatewayLinkOf(one) ?? []))
  return [...names].flatMap((name) => {
    const link = linksByName(view).get(name)
    if (!link || settingsOf(view).get(link.index)?.ipv4('forwarding') !== 0) return []
    const cause = `the kernel forwards nothing that arrives by ${name}, so its containers reach nothing but this host`
    return [sysctlFinding(['ipv4', 'conf', name, 'forwarding'], '0', '1', { subject: name, cause })]
  })
}

export const advertisementsIgnored: Fault = {
  id: 'advertisements-ignored',
  title: 'the host ignores the router that it has its default route from',
  severity: 'error',
  look(view) {
    const routes = routesOf(view).filter(({ protocol, dst }) => protocol === Protocol.RA && dst.prefix === 0)
    const indexes = new Set(routes.flatMap(({ link }) => link ?? []))
    return [...indexes].flatMap((index) => {
      const [settings, link] = [settingsOf(view).get(index), linksByIndex(view).get(index)]
      if (!link || settings?.ipv6('forwarding') !== 1 || settings.ipv6('accept_ra') !== 1) return []
      const sysctl = ['ipv6', 'conf', link.name, 'accept_ra']
      const cause = `with forwarding on, the kernel takes router advertisements only where ${sysctlName(sysctl)} is 2: the default route goes when its lifetime ends`
      return [sysctlFinding(sysctl, '1', '2', { subject: link.name, cause })]
    })
  },
}
