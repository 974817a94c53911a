/** ADD listens to routers from the moment at which the interface has IPv6: an advertisement comes once, and what it says of DNS is not kept. */

import { now } from '../../../kernel/clock.ts'
import { tolerate } from '../../../kernel/errno.ts'
import { inNamespace } from '../../../kernel/namespace.ts'
import { readSysctl, writeSysctl } from '../../../kernel/sysctl.ts'
import { endWatch, type RouterWatch, watchRouters } from '../../../netlink/router.ts'
import type { DhcpConfig } from '../config.ts'
import type { Place } from '../link.ts'
import { prepareForAdvertisements } from './advertisements.ts'

export interface Listening {
  watch: RouterWatch
  /** Addresses are made from routers' prefixes. */
  slaac: boolean
  /** Addresses are asked for by DHCPv6. */
  dhcp6: boolean
  /** Metric of the kernel's default route, where it is not its own. */
  priority?: number
  /** When the kernel began to ask for routers at the earliest, by now(). */
  since: number
}

/**
 * Switches IPv6 of an interface off and on, with what advertisements need: the kernel then asks for routers anew, be the interface up or not.
 * @returns undefined without IPv6 in the configuration @throws CniError as `prepareForAdvertisements`
 */
export function listen({ namespace, link }: Place, { ipam }: DhcpConfig): Listening | undefined {
  const { ipv6, priority, arpProbe } = ipam
  if (ipv6 === 'off') return undefined
  const slaac = ipv6 !== 'dhcp6'
  return inNamespace(namespace, () => {
    attempt(link.name, 'disable_ipv6', '1')
    const watch = watchRouters(link)
    try {
      const metric = withMetric(link.name, priority)
      prepareForAdvertisements(link.name, { autoconf: slaac, dad: arpProbe })
      return { watch, slaac, dhcp6: ipv6 !== 'slaac', priority: metric, since: now() }
    } catch (error) {
      endWatch(watch)
      throw error
    }
  })
}

/** Linux 5.12 and newer give the default route a metric. 0 leaves it to the kernel. @returns it, where the kernel has taken it */
function withMetric(name: string, priority: number | undefined): number | undefined {
  if (!priority) return undefined
  attempt(name, 'ra_defrtr_metric', String(priority))
  return readSysctl('ipv6', 'conf', name, 'ra_defrtr_metric') === String(priority) ? priority : undefined
}

/** A /proc/sys that cannot be written may have all that is needed: `prepareForAdvertisements` looks. */
function attempt(name: string, setting: string, value: string): void {
  tolerate(() => writeSysctl(value, 'ipv6', 'conf', name, setting), 'EROFS', 'EACCES', 'EPERM')
}
