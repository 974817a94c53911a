/** GC: the IFBs of attachments that are not valid any more, ours by alias, those of the reference when no link redirects to them. */

import { hostSocket } from '../../shared/attachment/sides.ts'
import { parseAlias } from '../../shared/cni/identity.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { listFilters } from '../../shared/netlink/filter.ts'
import { type Link, listLinks, removeIfThere } from '../../shared/netlink/link.ts'
import { ingress, listQdiscs } from '../../shared/netlink/qdisc.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import { amongValid } from '../../shared/state/valid.ts'
import { prefix, referenceName } from './ifb.ts'

/** Deletes the IFBs of a network's attachments that are not valid any more. */
export function collectIfbs({ network, validAttachments }: Request): void {
  const host = hostSocket()
  const ifbs = listLinks(host, 'ifb')
  const isValid = amongValid(validAttachments)
  const stale = ifbs.filter(({ alias }) => {
    const owner = parseAlias(alias)
    return owner?.network === network && !isValid(owner)
  })
  const names = validAttachments.map(({ containerID }) => referenceName({ network, containerID }))
  const nameless = ifbs.filter(
    ({ name, alias }) => !alias && name.startsWith(prefix) && !names.includes(name),
  )
  for (const ifb of [...stale, ...unused(host, nameless)]) removeIfThere(host, ifb)
}

/** The name of a reference's IFB does not tell its network: as long as a link redirects to it, its container lives. */
function unused(host: Socket, ifbs: Link[]): Link[] {
  if (ifbs.length === 0) return []
  const targets = new Set(
    listQdiscs(host).flatMap(({ kind, index }) => (kind === 'ingress' ? targetsOf(host, index) : [])),
  )
  return ifbs.filter(({ index }) => !targets.has(index))
}

function targetsOf(host: Socket, index: number): number[] {
  const link = { index, name: `if${index}` }
  return listFilters(host, link, ingress.handle).flatMap(({ target }) => target ?? [])
}
