/** DEL of a device that the reference plugin has moved. It writes no record; the interface's alias is its name on the host. */

import { openSidesIfAny, type Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { ifnameFault } from '../../shared/config/names.ts'
import { currentNamespace } from '../../shared/kernel/namespace.ts'
import { originOf } from '../../shared/lent/origin.ts'
import { homePlace } from '../../shared/lent/place.ts'
import { isHardware } from '../../shared/netlink/kinds.ts'
import { changeLink, findLink, type Link } from '../../shared/netlink/link.ts'
import { ask } from '../../shared/netlink/socket.ts'
import type { HostDeviceConfig } from './config.ts'

/** Moves the device back to the host under its old name, and down, as the reference does. Does nothing for other interfaces. */
export function giveBackReferences(request: Request<HostDeviceConfig>): void {
  const sides = openSidesIfAny(request)
  const link = sides && findLink(sides.inside, request.ifname)
  if (!link || !isReferences(link, request) || !isFromHost(sides, link)) return
  const { alias: name = '' } = link
  ask(sides.inside, changeLink(link, { up: false }))
  ask(sides.inside, changeLink(link, { netns: currentNamespace(), name }))
  ask(sides.host, changeLink({ name }, { alias: '' }))
}

/** An alias may also be free text of another program. */
function isReferences(link: Link, { config }: Request<HostDeviceConfig>): boolean {
  const { alias } = link
  if (!alias || ifnameFault(alias)) return false
  return config.device ? config.device === alias : isHardware(link)
}

/** The container may have made an interface with this alias. */
function isFromHost({ host, inside, container }: Sides, link: Link): boolean {
  const place = { namespace: container, socket: inside }
  return originOf(homePlace(host), place, link) === 'host'
}
