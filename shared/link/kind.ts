/** Kinds of links, and kernels that lack one. */

import { CniError, Code } from '../cni/error.ts'
import { isErrno } from '../kernel/errno.ts'
import { addCommand } from '../netlink/kinds.ts'
import { newLink } from '../netlink/link.ts'
import { ask, type Socket } from '../netlink/socket.ts'

/** Whether the kernel refused a link because it has none of its kind (rtnl_newlink, net/core/rtnetlink.c). */
export function isUnknownKind(error: unknown): boolean {
  return isErrno(error, 'EOPNOTSUPP') && error.extack === 'Unknown device type'
}

/** The kernel has no such kind of link, and could not load it either. */
export function missingKind(kind: string): CniError {
  return new CniError(Code.PluginNotAvailable, {
    msg: `this kernel has no ${kind} devices: load its module`,
    hint: `load the module (modprobe rtnl-link-${kind}), or install the package of the kernel's extra modules`,
    reproduce: addCommand(kind, 'lo'),
    errno: 'EOPNOTSUPP',
  })
}

/**
 * Asks for a device without queues, which is made of no kind (rtnl_create_link, net/core/rtnetlink.c), but refused with
 * other words where the kind is missing.
 * @throws CniError when the kernel lacks the kind
 */
export function requireKind(host: Socket, kind: string): void {
  try {
    ask(host, newLink({ name: 'probe', kind, queues: 0 }))
  } catch (error) {
    if (isUnknownKind(error)) throw missingKind(kind)
  }
}
