/** DEL and GC of a wire: it is deleted from both containers and from the host. */

import type { Request } from '../cni/plugin.ts'
import type { PairKind } from '../netlink/pair.ts'
import type { Socket } from '../netlink/socket.ts'
import { isSameInterface } from '../state/former.ts'
import { amongValid } from '../state/valid.ts'
import { allWires, forgetWire, hasTraceOf, type Wire, type WireConfig, wireOf, withWires } from './wire.ts'
import { deleteEnds } from './wire-ends.ts'

/**
 * Deletes the wire that an attachment has an end of. What is gone counts as done. A newer wire of the same name, made after
 * the other container's DEL, is left alone: this attachment has no end of it.
 */
export function cut(host: Socket, request: Request<WireConfig>, kind: PairKind): void {
  removeWires(host, () => wiresWithEndOf(request, kind))
}

/** The wire of the configuration, or the one that it named when the attachment was added: key and network may have changed. */
function wiresWithEndOf(request: Request<WireConfig>, kind: PairKind): Wire[] {
  const wire = wireOf(request, kind)
  if (hasTraceOf(wire, request)) return [wire]
  return allWires().filter(({ ends }) => ends.some((end) => isSameInterface(end, request)))
}

/** Deletes the wires of a network that have an end of an attachment that is not valid any more. For GC. */
export function cutStale(host: Socket, { network, validAttachments }: Request): void {
  const isValid = amongValid(validAttachments)
  const isStale = ({ network: ofWire, ends }: Wire) => ofWire === network && !ends.every(isValid)
  removeWires(host, () => allWires().filter(isStale))
}

/** They are looked for without the lock first, which another container's ADD may hold, and again with it. */
function removeWires(host: Socket, find: () => Wire[]): void {
  if (find().length === 0) return
  withWires(() => {
    for (const wire of find()) removeWire(host, wire)
  })
}

function removeWire(host: Socket, wire: Wire): void {
  deleteEnds(host, wire)
  forgetWire(wire)
}
