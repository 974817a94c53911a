/** IFBs to which no link redirects: those of the reference do not tell whose they are. */

import { listFilters } from '../../shared/netlink/filter-list.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { ingress, listQdiscs } from '../../shared/netlink/qdisc.ts'
import type { Socket } from '../../shared/netlink/socket.ts'

/** The IFBs to which no link of the namespace redirects. It asks for the filters of all links that have some. */
export function unused(socket: Socket, ifbs: Link[]): Link[] {
  if (ifbs.length === 0) return []
  const redirecting = listQdiscs(socket).filter(({ kind }) => kind === 'ingress')
  const targets = new Set(redirecting.flatMap(({ index }) => targetsOf(socket, index)))
  return ifbs.filter(({ index }) => !targets.has(index))
}

function targetsOf(socket: Socket, index: number): number[] {
  const link = { index, name: `if${index}` }
  return listFilters(socket, link, ingress.handle).flatMap(({ target }) => target ?? [])
}
