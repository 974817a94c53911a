/** CHECK without `master`: ADD took the parent from prevResult or from the default route, and both may name another one now. */

import type { Sides } from '../attachment/sides.ts'
import type { Request } from '../cni/plugin.ts'
import { findLink, type Link } from '../netlink/link.ts'
import type { Socket } from '../netlink/socket.ts'
import { withMasterIfAny } from './chain.ts'
import { findParent, findParentIfAny, isAcross, type ParentConfig, parentSide, sitsOn } from './parent.ts'

/**
 * The parent in CHECK: that of the configuration, or else the one that the container's interface has.
 * @throws CniError when there is none
 */
export function parentNow(sides: Sides, request: Request<ParentConfig>): Link {
  const config = withMasterIfAny(request)
  const side = parentSide(sides, config)
  const link = request.config.master ? undefined : findLink(sides.inside, request.ifname)
  return (link && actualParent(side, link, config)) ?? findParent(side, config, request.log)
}

/** A macvlan on a macvlan has the lower one's parent, so the expected parent comes first, if the interface sits on it. */
function actualParent(side: Socket, link: Link, config: ParentConfig): Link | undefined {
  const across = !config.linkInContainer
  const expected = findParentIfAny(side, config)
  return expected && sitsOn(link, expected, across) ? expected : below(side, link, across)
}

/** The link that another one sits on. @param across it is in another namespace, which the socket is of */
export function below(side: Socket, link: Link, across = false): Link | undefined {
  const isHere = across ? isAcross(link) : link.parentNamespace === undefined
  return isHere && link.parent ? findLink(side, link.parent) : undefined
}

/** The MAC address of the parent now, for a kind that follows it (`macs` in CHECK). */
export function parentMacs(sides: Sides, request: Request<ParentConfig>): string[] {
  return [parentNow(sides, request).mac]
}
