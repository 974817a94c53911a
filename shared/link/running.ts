/** Waiting until an interface is not only up, but runs. */

import { CniError, Code } from '../cni/error.ts'
import { Group, waitFor } from '../netlink/events.ts'
import { findLink, type Link } from '../netlink/link.ts'
import type { Socket } from '../netlink/socket.ts'

/** How long an interface may take to run after both ends are up. */
const RUNNING_MILLISECONDS = 2500

/**
 * Waits until frames pass, on the kernel's notifications: only then an announcement gets through. Must be called in the
 * interface's namespace.
 */
export function waitUntilRunning(socket: Socket, { name }: Pick<Link, 'name'>): void {
  const running = () => (findLink(socket, name)?.running ? true : undefined)
  if (waitFor(Group.LINK, RUNNING_MILLISECONDS, running)) return
  throw new CniError(Code.Internal, {
    msg: `${name} did not come up within ${RUNNING_MILLISECONDS} ms: see its carrier and its peer`,
    hint: `see what keeps it down: ip -d link show dev ${name}`,
  })
}
