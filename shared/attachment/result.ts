/** The result of ADD, built last: the interfaces, and the addresses of the container's. */

import type { Interface, Result } from '../cni/result.ts'
import type { Link } from '../netlink/link.ts'
import type { Connected, InterfaceConfig, Life } from './device.ts'

interface Attached extends Connected {
  /** The host's interfaces that come before the container's. */
  before?: Interface[]
  /** The container's interface, if ADD gave it one. */
  link?: Link
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
