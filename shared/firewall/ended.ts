/**
 * Whether an attachment has ended without DEL. The path of a namespace does not tell alone: it may be mounted where this process does not
 * see it. The host's links are the same for all.
 */

import { hostIfname } from '../cni/identity.ts'
import { findLink } from '../netlink/link.ts'
import { closeSocket, openSocket, Protocol } from '../netlink/socket.ts'
import { hasLostNamespace, type Recorded } from '../state/former.ts'

/** Whether the namespace of an attachment is gone, and the host's end that our plugins make with it. */
export function isEnded(attachment: Recorded): boolean {
  return hasLostNamespace(attachment) && isAnyGone([hostIfname(attachment)])
}

/**
 * The same for an attachment that any plugin has made. Without a link on the host that is not known: it counts as live.
 * @param links of the host that the container was reached by
 */
export function isCutOff(attachment: Recorded, links: readonly string[]): boolean {
  return hasLostNamespace(attachment) && isAnyGone(links)
}

function isAnyGone(links: readonly string[]): boolean {
  const socket = openSocket(Protocol.ROUTE)
  try {
    return links.some((name) => findLink(socket, name) === undefined)
  } finally {
    closeSocket(socket)
  }
}
