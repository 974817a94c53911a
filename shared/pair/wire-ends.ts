/** The ends of a wire in the kernel: one waiting on the host, or both in containers. */

import { tolerate } from '../kernel/errno.ts'
import { openNamespace } from '../kernel/namespace.ts'
import { findLink, type Link, removeIfThere } from '../netlink/link.ts'
import { openSocketIn, Protocol, type Socket } from '../netlink/socket.ts'
import { type End, idOf, readEnds, type Wire } from './wire.ts'

/** An end that is really there. */
export interface Held {
  end: End
  link: Link
  /** rtnetlink in the container's namespace. */
  inside: Socket
}

/** The ends in containers, as far as the kernel agrees with what is remembered. */
export function heldEnds(wire: Wire): Held[] {
  return readEnds(wire).flatMap((end) => findHeld(wire, end) ?? [])
}

/** Nothing when the namespace is gone, or has no such interface, or one that is not of this wire. */
function findHeld(wire: Wire, end: End): Held | undefined {
  const container = tolerate(() => openNamespace(end.netns), 'ENOENT', 'ENOTDIR', 'EINVAL')
  if (!container) return undefined
  const inside = openSocketIn(container, Protocol.ROUTE)
  const link = findLink(inside, end.ifname)
  return link?.alias === idOf(wire) ? { end, link, inside } : undefined
}

/** The end that waits on the host. */
export function waitingEnd(host: Socket, wire: Wire): Link | undefined {
  return findLink(host, idOf(wire))
}

/** Deletes the wire by all ends that can be reached; with one goes the other. */
export function deleteEnds(host: Socket, wire: Wire): void {
  for (const { inside, link } of heldEnds(wire)) deleteEnd(inside, link)
  const waiting = waitingEnd(host, wire)
  if (waiting) deleteEnd(host, waiting)
}

/** The other end may have been faster. */
function deleteEnd(socket: Socket, link: Link): void {
  removeIfThere(socket, link)
}
