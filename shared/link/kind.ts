/** Whether the kernel has a kind of link. */

import { CniError, Code } from '../error/error.ts'
import { isErrno } from '../kernel/errno.ts'
import { addCommand } from '../netlink/kinds.ts'
import { newLink } from '../netlink/link.ts'
import { ask, type Socket } from '../netlink/socket.ts'

/** Whether the kernel refused a link because it lacks the kind (rtnl_newlink, net/core/rtnetlink.c). */
export function isUnknownKind(error: unknown): boolean {
  return isErrno(error, 'EOPNOTSUPP') && error.extack === 'Unknown device type'
}

/** The error for a kind that the kernel neither has nor can load. */
export function missingKind(kind: string): CniError {
  return new CniError(Code.PluginNotAvailable, {
    msg: `this kernel has no ${kind} devices: load its module`,
    hint: `load the module (modprobe rtnl-link-${kind}), or install the package of the kernel's extra modules`,
    reproduce: addCommand(kind, 'lo'),
    errno: 'EOPNOTSUPP',
  })
}

/**
 * Tests for a kind without making a link: the kernel refuses any device with 0 queues (rtnl_create_link,
 * net/core/rtnetlink.c), but checks first whether it has the kind.
 * @throws CniError when the kernel lacks the kind
 */
export function requireKind(host: Socket, kind: string): void {
  try {
    ask(host, newLink({ name: 'probe', kind, queues: 0 }))
  } catch (error) {
    if (isUnknownKind(error)) throw missingKind(kind)
  }
}
