/** A device that the reference has moved keeps no record: the host's name for it is the interface's alias. */

import { openSidesIfAny } from '../../shared/attachment/sides.ts'
import { ifnameFault } from '../../shared/cni/names.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { currentNamespace } from '../../shared/kernel/namespace.ts'
import { changeLink, findLink, type Link } from '../../shared/netlink/link.ts'
import { ask } from '../../shared/netlink/socket.ts'
import type { HostDeviceConfig } from './config.ts'

/** Brings it home under its old name, down, as the reference would. Nothing when the interface is not of its making. */
export function bringReferencesHome(request: Request<HostDeviceConfig>): void {
  const sides = openSidesIfAny(request)
  const link = sides && findLink(sides.inside, request.ifname)
  if (!link || !isReferences(link, request)) return
  const { alias: name = '' } = link
  ask(sides.inside, changeLink(link, { up: false }))
  ask(sides.inside, changeLink(link, { netns: currentNamespace(), name }))
  ask(sides.host, changeLink({ name }, { alias: '' }))
}

/** An alias may be anybody's words. */
function isReferences({ alias, kind }: Link, { config }: Request<HostDeviceConfig>): boolean {
  if (!alias || ifnameFault(alias)) return false
  return config.device ? config.device === alias : kind === undefined
}
