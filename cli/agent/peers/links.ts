/** Notices that links of kind vxlan were changed or deleted: the kernel drops the neighbours of a link that goes down. */

import { isErrno, tolerate } from '../../../shared/kernel/errno.ts'
import { Group } from '../../../shared/netlink/events.ts'
import { toLink } from '../../../shared/netlink/link-message.ts'
import {
  closeSocket,
  openSocket,
  Protocol,
  readMessages,
  type Socket,
} from '../../../shared/netlink/socket.ts'

const MSG_DONTWAIT = 0x40

/** @param changed is called once for all that has happened between two looks */
export function watchLinks(milliseconds: number, changed: () => void): { close(): void } {
  const socket = openSocket(Protocol.ROUTE, Group.LINK)
  const timer = setInterval(() => {
    if (hasNews(socket)) changed()
  }, milliseconds)
  return {
    close() {
      clearInterval(timer)
      closeSocket(socket)
    },
  }
}

/** ENOBUFS: there was more than the socket takes. */
function hasNews(socket: Socket): boolean {
  let found = false
  for (;;) {
    try {
      const messages = tolerate(() => readMessages(socket, MSG_DONTWAIT), 'EAGAIN')
      if (!messages) return found
      found ||= messages.some((message) => toLink(message).kind === 'vxlan')
    } catch (error) {
      // Of another error only this look ends: it may be news that was not read.
      if (!isErrno(error, 'ENOBUFS')) return true
      found = true
    }
  }
}
