/** Where a container's packets come to the host: by the kernel's own links, since not every result lists interfaces. */

import type { Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'

/** The interface that the host sees as a packet's origin, and the container's port if that is a bridge. */
export interface HostSide {
  through: string
  port?: string
}

/** The host's side of a container's veth; undefined for an interface that the host's firewall does not see. */
export function findHostSide({ host, inside }: Sides, { ifname }: Request): HostSide | undefined {
  const end = hostEndOf(host, inside, ifname)
  if (!end) return undefined
  const master = end.master ? findLink(host, end.master) : undefined
  return master?.kind === 'bridge' ? { through: master.name, port: end.name } : { through: end.name }
}

/** The other end of a veth: each end has the other's index. */
function hostEndOf(host: Sides['host'], inside: Sides['inside'], ifname: string): Link | undefined {
  const own = findLink(inside, ifname)
  if (own?.kind !== 'veth' || !own.parent) return undefined
  const end = findLink(host, own.parent)
  return end?.kind === 'veth' && end.parent === own.index ? end : undefined
}

/** @throws CniError when a policy could not hold for the interface */
export function requireHostSide(sides: Sides, request: Request, policy: string): HostSide {
  const found = findHostSide(sides, request)
  if (found) return found
  const { ifname } = request
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `ingressPolicy ${policy} needs an interface with an end on the host, as bridge and ptp make: ${ifname} has none`,
    hint: 'remove ingressPolicy, or use bridge or ptp: the firewall of the host does not see packets of macvlan and ipvlan',
    see: seeLink(ifname, request),
  })
}
