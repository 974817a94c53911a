/** A device without a parent, made in the container's namespace: dummy, vcan … */

import { isDown, noSuch } from '../attachment/broken.ts'
import type { Life } from '../attachment/device.ts'
import type { Sides } from '../attachment/sides.ts'
import { undoable } from '../attachment/undo.ts'
import type { Request } from '../cni/plugin.ts'
import { findLink, type Link, type LinkSpec, newLink, removeIfThere } from '../netlink/link.ts'
import { ask } from '../netlink/socket.ts'
import { isUnknownKind, missingKind } from './kind.ts'

/**
 * Makes a link in a namespace, down. Equivalent to `ip -n NS link add NAME type KIND …`.
 * @throws CniError when the kernel lacks the kind
 */
export function createInside({ inside, undo }: Pick<Life<unknown>, 'inside' | 'undo'>, spec: LinkSpec): void {
  const { name } = spec
  try {
    undoable(
      undo,
      () => ask(inside, newLink(spec)),
      () => removeIfThere(inside, { name }),
    )
  } catch (error) {
    throw isUnknownKind(error) ? missingKind(spec.kind) : error
  }
}

/** CHECK: the container's interface is still of its kind, and up. @throws CniError */
export function checkInside(
  { inside }: Pick<Sides, 'inside'>,
  { ifname, netns }: Pick<Request, 'ifname' | 'netns'>,
  kind: string,
): Link {
  const link = findLink(inside, ifname)
  if (link?.kind !== kind) throw noSuch(kind, ifname, { netns })
  if (!link.up) throw isDown(ifname, { netns })
  return link
}
