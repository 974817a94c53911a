/** The ends of a wire in the kernel: one waiting on the host, or both in containers. */

import { inNamespace, openNamespaceIfAny } from '../kernel/namespace.ts'
import { Group, waitFor } from '../netlink/events.ts'
import { findLink, type Link, removeIfThere } from '../netlink/link.ts'
import { openSocketIn, Protocol, type Socket } from '../netlink/socket.ts'
import { type End, idOf, readEnds, type Wire } from './wire.ts'

/** An end that exists in a container. */
export interface Held {
  end: End
  link: Link
  /** rtnetlink in the container's namespace. */
  inside: Socket
}

/** The recorded ends that the kernel has. */
export function heldEnds(wire: Wire): Held[] {
  return readEnds(wire).flatMap((end) => findHeld(wire, end) ?? [])
}

/** Undefined if the namespace is gone, has no such interface, or one that is not of this wire. */
function findHeld(wire: Wire, end: End): Held | undefined {
  const container = openNamespaceIfAny(end.netns)
  if (!container) return undefined
  const inside = openSocketIn(container, Protocol.ROUTE)
  const link = findLink(inside, end.ifname)
  return link?.alias === idOf(wire) ? { end, link, inside } : undefined
}

/** How long to wait for the kernel, milliseconds. */
const ENDING_MILLISECONDS = 5_000

/**
 * Waits while the namespace of one recorded end is gone and the other end is still there: the kernel deletes both, some time
 * after the namespace ended.
 */
export function waitForEnding(wire: Wire): void {
  if (readEnds(wire).length < 2) return
  const [last, ...more] = heldEnds(wire)
  const container = last && more.length === 0 && openNamespaceIfAny(last.end.netns)
  if (!container) return
  const isGone = () => findLink(last.inside, last.end.ifname) === undefined || undefined
  inNamespace(container, () => waitFor(Group.LINK, ENDING_MILLISECONDS, isGone))
}

/** The end that waits on the host. */
export function waitingEnd(host: Socket, wire: Wire): Link | undefined {
  return findLink(host, idOf(wire))
}

/** Deletes the wire by every end that can be reached. The kernel deletes both ends together, so the second may be gone. */
export function deleteEnds(host: Socket, wire: Wire): void {
  for (const { inside, link } of heldEnds(wire)) removeIfThere(inside, link)
  const waiting = waitingEnd(host, wire)
  if (waiting) removeIfThere(host, waiting)
}
