/** The host's links, listed once: by name, by index, and the host's end of each attachment's pair. */

import { hostSocket } from '../../shared/attachment/sides.ts'
import { attachmentKey, parseAlias } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { type Link, listLinks } from '../../shared/netlink/link.ts'

export interface HostLinks {
  all: readonly Link[]
  byName: ReadonlyMap<string, Link>
  byIndex: ReadonlyMap<number, Link>
  /** The host's ends of pairs whose alias names an attachment, by its key. The kernel deletes one with its container's namespace. */
  ends: ReadonlyMap<string, HostEnd>
}

/** The host's end of a pair. */
export interface HostEnd {
  attachment: Attachment
  link: Link
}

/** Kinds of links that are pairs: one end is in the container. An IFB has the attachment as alias, too. */
const pairs = ['veth', 'vxcan', 'netkit']

/** Whether a link is one end of a pair. */
export function isPair({ kind = '' }: Link): boolean {
  return pairs.includes(kind)
}

/** Lists them. Needs no root. @throws KernelError */
export function listHostLinks(): HostLinks {
  const all = listLinks(hostSocket())
  const ends = all.filter(isPair).flatMap((link) => {
    const attachment = parseAlias(link.alias)
    return attachment ? [[attachmentKey(attachment), { attachment, link }] as const] : []
  })
  return {
    all,
    byName: new Map(all.map((link) => [link.name, link])),
    byIndex: new Map(all.map((link) => [link.index, link])),
    ends: new Map(ends),
  }
}
