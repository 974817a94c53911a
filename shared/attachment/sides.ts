/** The two sides of an attachment: the container's namespace, and a netlink socket in it and on the host. */

import type { Request } from '../cni/plugin.ts'
import { CniError, Code, factsOf } from '../error/error.ts'
import { isErrno } from '../kernel/errno.ts'
import { type Namespace, openNamespace, openNamespaceIfAny } from '../kernel/namespace.ts'
import { openSocket, openSocketIn, Protocol, type Socket } from '../netlink/socket.ts'

/** None of these is closed: the process ends after one call. */
export interface Sides {
  container: Namespace
  /** rtnetlink in the host's namespace. */
  host: Socket
  /** rtnetlink in the container's namespace. */
  inside: Socket
}

/** Opens both sides. @throws CniError when CNI_NETNS is no network namespace */
export function openSides({ netns }: Pick<Request, 'netns'>): Sides {
  return sidesOf(openContainer(netns))
}

function openContainer(netns: string): Namespace {
  try {
    return openNamespace(netns)
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'EINVAL')) throw error
    throw new CniError(Code.InvalidEnvironment, {
      msg: `CNI_NETNS is no network namespace: ${error.message}, has the container ended?`,
      hint: 'the container may have ended already; list the namespaces with: lsns -t net',
      ...factsOf(error),
    })
  }
}

/** Opens both sides for DEL; undefined when the container's namespace is gone, and all that was in it. @throws KernelError */
export function openSidesIfAny({ netns }: Pick<Request, 'netns'>): Sides | undefined {
  const container = netns === '' ? undefined : openNamespaceIfAny(netns)
  return container && sidesOf(container)
}

function sidesOf(container: Namespace): Sides {
  const inside = openSocketIn(container, Protocol.ROUTE)
  return { container, inside, host: hostSocket() }
}

/**
 * Opens both sockets anew, for the undo of an ADD: the failed step may have left one in the middle of a list, which accepts no
 * other. One that cannot be opened stays as it is.
 */
export function renewSides(sides: Sides): void {
  const renew = (socket: Socket, open: () => Socket) => {
    try {
      Object.assign(socket, open())
    } catch {
      // The error of ADD is the one to report.
    }
  }
  renew(sides.host, () => openSocket(Protocol.ROUTE))
  renew(sides.inside, () => openSocketIn(sides.container, Protocol.ROUTE))
}

let host: Socket | undefined

/** rtnetlink in the host's namespace: one socket for all, unless an exchange on it has failed. Call it on the host. */
export function hostSocket(): Socket {
  if (host === undefined || host.busy) host = openSocket(Protocol.ROUTE)
  return host
}
