/** The result of ADD, built last: the interfaces, and the addresses of the container's. */

import type { Request } from '../cni/plugin.ts'
import type { Interface, Result } from '../cni/result.ts'
import type { Link } from '../netlink/link.ts'
import { withGateways } from './configure.ts'
import type { Connected, InterfaceConfig, Life } from './device.ts'

interface Attached extends Connected {
  /** The host's interfaces that come before the container's. */
  before?: Interface[]
  /** The container's interface, if ADD gave it one. */
  link?: Link
}

/** The key `ifname` names a further interface: what earlier plugins of the list have made stays in the result. */
export function besideEarlier(
  { config, prevResult: earlier }: Request<InterfaceConfig>,
  result: Result,
): Result {
  if (!config.ifname || !earlier) return result
  const before = earlier.interfaces.length
  const routes = [...withGateways(earlier), ...withGateways(result)]
  const ips = result.ips.map((ip) => ({ ...ip, interface: (ip.interface ?? 0) + before }))
  return {
    interfaces: [...earlier.interfaces, ...result.interfaces],
    ips: [...earlier.ips, ...ips],
    routes,
    dns: { ...earlier.dns, ...result.dns },
  }
}

/** The host's interfaces, the container's, and further ones. Without an interface in the container, the lease is passed on. */
export function resultOf(
  { request }: Life<InterfaceConfig>,
  lease: Result,
  { before = [], link, own, interfaces = [] }: Attached,
): Result {
  if (!link && !own) return { ...lease, interfaces: [...lease.interfaces, ...before, ...interfaces] }
  const { ifname, netns, config } = request
  const { mac, mtu } = link ?? {}
  const container = { name: ifname, mac: mac || undefined, mtu, sandbox: netns, ...own }
  const ips = lease.ips.map((ip) => ({ ...ip, interface: before.length }))
  // The network's DNS settings override IPAM's.
  const dns = Object.keys(config.dns ?? {}).length > 0 ? (config.dns ?? {}) : lease.dns
  return { interfaces: [...before, container, ...interfaces], ips, routes: lease.routes, dns }
}
