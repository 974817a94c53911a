/** A stand-in for what a DHCP server would give: in the namespaces of a plan no server answers. */

import { isObject } from '../../shared/config/json.ts'
import { dhcpSections, isDhcp } from '../host/dhcp-users.ts'
import type { Configured } from '../host/networks.ts'

type Raw = Record<string, unknown>

/** Addresses of documentation (RFC 5737, RFC 3849). */
const four = { address: '192.0.2.2/24', gateway: '192.0.2.1' }
const six = { address: '2001:db8::2/64', gateway: '2001:db8::1' }

/** The addresses that stand for those of servers; none where no plugin asks one. */
export function standInsOf(plugins: readonly Configured[]): string[] {
  const sections = plugins.flatMap(({ raw }) => dhcpSections(raw.ipam))
  return [...new Set(sections.flatMap((section) => addressesFor(section).map(({ address }) => address)))]
}

/** The plugin with addresses and default routes that are known, in place of those of servers. */
export function withoutServers(plugin: Configured): Configured {
  if (dhcpSections(plugin.raw.ipam).length === 0) return plugin
  return { ...plugin, raw: { ...plugin.raw, ipam: replaced(plugin.raw.ipam) } }
}

function replaced(ipam: unknown): unknown {
  if (!isObject(ipam)) return ipam
  if (isDhcp(String(ipam.type ?? ''))) return { type: 'static', ...standIn(ipam) }
  return Array.isArray(ipam.list) ? { ...ipam, list: ipam.list.map(replaced) } : ipam
}

/** Without a next hop of its own a route goes through the gateway of its family. */
function standIn(section: Raw): Raw {
  const addresses = addressesFor(section)
  const routes = addresses.map(({ address }) => ({ dst: address.includes(':') ? '::/0' : '0.0.0.0/0' }))
  return { addresses, routes }
}

function addressesFor({ ipv4, ipv6 = 'off' }: Raw) {
  return [...(ipv4 === false ? [] : [four]), ...(ipv6 === 'off' ? [] : [six])]
}
