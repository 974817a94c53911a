/** Where an interface of a container can be shaped. */

import { broken } from '../../shared/attachment/broken.ts'
import { noInterface } from '../../shared/attachment/chained.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { currentNamespace } from '../../shared/kernel/namespace.ts'
import { commandIn, seeLink } from '../../shared/netlink/command.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import { nsidOf } from '../../shared/netlink/nsid.ts'
import type { BandwidthConfig } from './config.ts'

/** The container's interface, and the host's end if it is a veth with one. */
export interface Ends {
  link: Link
  end?: Link
}

/** Both ends of the container's interface; undefined when it is gone. */
export function endsOf(sides: Sides, { ifname }: Pick<Request, 'ifname'>): Ends | undefined {
  const link = findLink(sides.inside, ifname)
  return link && { link, end: hostEndOf(sides, link) }
}

/** The host's end of a veth. Another namespace may have links of the same numbers, so that of the peer's is compared. */
function hostEndOf({ host, inside }: Sides, { kind, parent, parentNamespace }: Link): Link | undefined {
  if (kind !== 'veth' || !parent || parentNamespace === undefined) return undefined
  if (parentNamespace !== nsidOf(inside, currentNamespace())) return undefined
  return findLink(host, parent)
}

/** The ends for ADD. @throws CniError when the interface is missing, or has no place for what is configured */
export function requireEnds(sides: Sides, request: Request<BandwidthConfig>, isSent: boolean): Ends {
  const { ifname } = request
  const ends = endsOf(sides, request)
  if (!ends) throw noInterface(request)
  if (isSent && request.config.egress === 'ifb' && !ends.end)
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `egress is "ifb", but ${ifname} is no veth with an end on the host: remove the key`,
      hint: 'what other interfaces send can only be limited in the container: "egress": "interface"',
      see: seeLink(ifname, request),
    })
  return ends
}

/** The ends for CHECK. @throws CniError when the interface is gone */
export function remainingEnds(sides: Sides, request: Request): Ends {
  const ends = endsOf(sides, request)
  if (ends) return ends
  const see = commandIn(request, 'ip link show')
  throw broken(`the container has no interface ${request.ifname} any more`, { see })
}
