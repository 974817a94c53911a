/** A wire is cut: both containers are without it, and nothing is left of it on the host. */

import { isValid } from '../cni/attachments.ts'
import type { Request } from '../cni/plugin.ts'
import type { PairKind } from '../netlink/pair.ts'
import type { Socket } from '../netlink/socket.ts'
import {
  forgetWire,
  isSame,
  readEnds,
  type Wire,
  type WireConfig,
  wireOf,
  wiresOf,
  withWires,
} from './wire.ts'
import { deleteEnds } from './wire-ends.ts'

/**
 * Cuts the wire that an attachment has an end of. What is gone already counts as done; a later wire of the same name,
 * laid after this one was cut from its other side, is not this attachment's.
 */
export function cut(host: Socket, request: Request<WireConfig>, kind: PairKind): void {
  const wire = wireOf(request, kind)
  withWires(() => {
    const ends = readEnds(wire)
    if (ends.some((end) => isSame(end, request))) removeWire(host, wire)
    else if (ends.length === 0) forgetWire(wire)
  })
}

/** Cuts those wires of a network that have an end of an attachment that is not valid any more. */
export function cutStale(host: Socket, { network, validAttachments }: Request): void {
  withWires(() => {
    for (const wire of wiresOf(network))
      if (!wire.ends.every((end) => isValid(validAttachments, end))) removeWire(host, wire)
  })
}

function removeWire(host: Socket, wire: Wire): void {
  deleteEnds(host, wire)
  forgetWire(wire)
}
