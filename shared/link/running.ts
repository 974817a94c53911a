/** Waits until an interface is running: up, with a carrier, and a forwarding bridge port. */

import { findMade } from '../attachment/made.ts'
import { CniError, Code } from '../error/error.ts'
import { Group, waitFor } from '../netlink/events.ts'
import type { Link } from '../netlink/link.ts'
import type { Socket } from '../netlink/socket.ts'

/** How long to wait after both ends are up. The kernel tells at once, or within a second; on a host with a high load it is late. */
const RUNNING_MILLISECONDS = 10_000

/**
 * Waits, on the kernel's notifications, until frames pass; announcements sent before are lost. Must be called in the
 * interface's namespace.
 * @throws CniError after 10 s; of code 11 when the interface is gone
 */
export function waitUntilRunning(socket: Socket, { name }: Pick<Link, 'name'>): void {
  const running = () => findMade(socket, name).running || undefined
  if (waitFor(Group.LINK, RUNNING_MILLISECONDS, running)) return
  throw new CniError(Code.Internal, {
    msg: `${name} did not come up within ${RUNNING_MILLISECONDS} ms: see its carrier and its peer`,
    hint: `look at its state: ip -d link show dev ${name}`,
  })
}
