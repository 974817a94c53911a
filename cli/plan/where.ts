/** In which network namespace a change is made: never in that of the host. */

import { hostSocket } from '../../shared/attachment/sides.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { close, type Fd, readLink } from '../../shared/kernel/files.ts'
import { currentNamespace, ownNamespace } from '../../shared/kernel/namespace.ts'
import { syscall } from '../../shared/kernel/syscall.ts'

/** include/uapi/linux/sockios.h: the namespace of a socket. */
const SIOCGSKNS = 0x894c

/** `net:[4026531840]`, of the socket of a request, or of this process. */
export function namespaceOf(socket?: Fd): string | undefined {
  const fd = socket === undefined ? -1 : syscall('ioctl', socket, SIOCGSKNS)
  if (fd < 0) return readLink(ownNamespace)
  try {
    return readLink(`/proc/thread-self/fd/${fd}`)
  } finally {
    close(fd)
  }
}

/**
 * Plugins use one socket of the host, and go back to the namespace that was the first: what was opened before the stage was entered would
 * have them change the host. @throws CniError
 */
export function requireAway(): void {
  const here = namespaceOf()
  const used = [namespaceOf(hostSocket().fd), readLink(`/proc/thread-self/fd/${currentNamespace().fd}`)]
  if (used.every((one) => one === here)) return
  throw new CniError(Code.Internal, {
    msg: 'the plan ends here: what is open of the host would have it changed',
    hint: 'this is a fault of patchbay plan: report it, with the configuration',
  })
}
