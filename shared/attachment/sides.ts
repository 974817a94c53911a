/** The two sides of an attachment: the container's namespace, and a netlink socket in it and on the host. */

import type { Request } from '../cni/plugin.ts'
import { CniError, Code, factsOf } from '../error/error.ts'
import { isErrno, KernelError } from '../kernel/errno.ts'
import { type Namespace, openNamespace } from '../kernel/namespace.ts'
import { openSocket, openSocketIn, Protocol, type Socket } from '../netlink/socket.ts'

/** None of these is closed: the process ends after one call. */
export interface Sides {
  container: Namespace
  /** rtnetlink in the host's namespace. */
  host: Socket
  /** rtnetlink in the container's namespace. */
  inside: Socket
}

/** Opens both sides. @throws CniError when CNI_NETNS is no namespace */
export function openSides(request: Pick<Request, 'netns'>): Sides {
  const container = openContainer(request)
  const inside = openSocketIn(container, Protocol.ROUTE)
  return { container, inside, host: openSocket(Protocol.ROUTE) }
}

function openContainer({ netns }: Pick<Request, 'netns'>): Namespace {
  try {
    return openNamespace(netns)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    throw new CniError(Code.InvalidEnvironment, {
      msg: `CNI_NETNS is no network namespace: ${error.message}, has the container ended?`,
      hint: 'the container may have ended already; list the namespaces with: lsns -t net',
      ...factsOf(error),
    })
  }
}

/**
 * Opens both sides for DEL, or returns undefined when the container's namespace is gone, and all that was in it.
 * @throws CniError when it cannot be opened for another reason
 */
export function openSidesIfAny(request: Pick<Request, 'netns'>): Sides | undefined {
  if (request.netns === '') return undefined
  try {
    return openSides(request)
  } catch (error) {
    // ENOENT, ENOTDIR: no such path. EINVAL: the path is no namespace, as after `umount` of it.
    if (error instanceof CniError && isErrno(error.cause, 'ENOENT', 'ENOTDIR', 'EINVAL')) return undefined
    throw error
  }
}

/** rtnetlink in the host's namespace, for verbs that need no container. */
export function hostSocket(): Socket {
  return openSocket(Protocol.ROUTE)
}
