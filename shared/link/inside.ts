/** A device without a parent, made in the container's namespace: dummy, vcan … */

import { isDown, noSuch } from '../attachment/broken.ts'
import type { Life } from '../attachment/device.ts'
import { undoable } from '../attachment/undo.ts'
import type { Wiring } from '../attachment/wiring.ts'
import type { Request } from '../cni/plugin.ts'
import { tolerate } from '../kernel/errno.ts'
import { findLink, type Link, type LinkSpec, newLink, removeLink } from '../netlink/link.ts'
import { ask } from '../netlink/socket.ts'
import { isUnknownKind, missingKind } from './kind.ts'

/** What is the device's own: its kind, and what belongs to it. */
export type InsideSpec = Omit<LinkSpec, 'name' | 'netns' | 'up'>

/**
 * Makes the container's interface. Equivalent to `ip -n NS link add IFNAME type KIND …`.
 * @throws CniError when the kernel lacks the kind
 */
export function createInside({ inside, request, undo }: Life<unknown>, spec: InsideSpec): void {
  const { ifname: name } = request
  try {
    undoable(
      undo,
      () => ask(inside, newLink({ ...spec, name })),
      () => tolerate(() => ask(inside, removeLink({ name })), 'ENODEV'),
    )
  } catch (error) {
    throw isUnknownKind(error) ? missingKind(spec.kind) : error
  }
}

/** CHECK: the container's interface is of its kind still, and up. @throws CniError */
export function checkInside({ inside }: Wiring, request: Request, kind: string): Link {
  const { ifname } = request
  const link = findLink(inside, ifname)
  if (link?.kind !== kind) throw noSuch(kind, ifname, request)
  if (!link.up) throw isDown(ifname, request)
  return link
}
