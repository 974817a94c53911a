/** The result of an attachment, of what IPAM gave and what was wired. */

import type { Request } from '../cni/plugin.ts'
import type { Interface, Result } from '../cni/result.ts'
import type { InterfaceConfig } from './device.ts'

/** The host's interfaces, then the container's own, which the addresses belong to. The network's DNS goes before IPAM's. */
export function resultOf(
  lease: Result,
  host: Interface[],
  own: Interface,
  { config }: Request<InterfaceConfig>,
): Result {
  const ips = lease.ips.map((ip) => ({ ...ip, interface: host.length }))
  const dns = Object.keys(config.dns ?? {}).length > 0 ? (config.dns ?? {}) : lease.dns
  return { interfaces: [...host, own], ips, routes: lease.routes, dns }
}
