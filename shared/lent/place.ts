/** Network namespaces in which a lent link may be, and the search for it. */

import { currentNamespace, type Namespace, openNamespaceIfAny } from '../kernel/namespace.ts'
import { networkNamespaces } from '../kernel/namespaces.ts'
import { findLink, type Link, listLinks } from '../netlink/link.ts'
import { openSocketIn, Protocol, type Socket } from '../netlink/socket.ts'
import { findDevice } from './identity.ts'
import { inodeOf, type Lent } from './record.ts'

/** A namespace, and rtnetlink in it. */
export interface Place {
  namespace: Namespace
  socket: Socket
}

/** A link, and where it is. */
export interface Found {
  link: Link
  place: Place
}

/** Opens a namespace; undefined when it is gone. @throws KernelError for any other reason: then nothing is known of it */
export function openPlace(netns: string): Place | undefined {
  const namespace = openNamespaceIfAny(netns)
  return namespace && { namespace, socket: openSocketIn(namespace, Protocol.ROUTE) }
}

/** The namespace with an inode: at one of these paths, or at any other by which a process or a mount holds it. */
export function placeOf(inode: string, paths: (string | undefined)[]): Place | undefined {
  const path = paths.find((path) => path && inodeOf(path) === inode) ?? networkNamespaces().get(inode)
  return path === undefined ? undefined : openPlace(path)
}

/** Looks for a lent link in a namespace: first where it is expected, then among all links. */
export function findIn(place: Place, lent: Lent, isListed = true): Found | undefined {
  const { namespace, socket } = place
  const known = [lent.name, lent.nameInside, lent.index].flatMap((which) => findLink(socket, which) ?? [])
  const link =
    findDevice(namespace, known, lent) ??
    (isListed ? findDevice(namespace, listLinks(socket), lent) : undefined)
  return link && { link, place }
}

/** Looks for a link that has left its namespace in all others. */
export function findAnywhere(lent: Lent): Found | undefined {
  for (const path of networkNamespaces().values()) {
    const place = openPlace(path)
    const found = place && findIn(place, lent)
    if (found) return found
  }
  return undefined
}

/** The host's namespace. @param namespace default: this process's */
export function homePlace(socket: Socket, namespace = currentNamespace()): Place {
  return { namespace, socket }
}
