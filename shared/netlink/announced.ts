/**
 * Deletions of links, which the kernel announces when they are done, and acknowledges only when it has freed the memory, 10 to 40 ms later
 * (rcu_barrier in netdev_run_todo, net/core/dev.c). A helper waits for that.
 */

import { readableOf } from '../kernel/clock.ts'
import { close } from '../kernel/files.ts'
import { reapHelpers, sendByHelper } from '../kernel/helper.ts'
import { spanned } from '../kernel/span.ts'
import { syscall } from '../kernel/syscall.ts'
import { tellDone } from './done.ts'
import { failureOf, isEnd, type Message } from './message.ts'
import { ask, encodeRequests, Flag, type Request, readMessages, type Socket } from './socket.ts'

/**
 * Sends a request and waits until the kernel says that it is done, or refused. Without a helper, and on a kernel that
 * sends the requester no announcement (it came with Linux 6.2), that is the acknowledgement.
 * @throws KernelError
 */
export function askUntilAnnounced(socket: Socket, request: Request): void {
  spanned('netlink', () => askByHelper(socket, request), request)
}

function askByHelper(socket: Socket, request: Request): void {
  const echoed = { ...request, flags: request.flags | Flag.ECHO }
  const helper = sendByHelper(socket.fd, encodeRequests(socket, [echoed]))
  if (helper === undefined || !isAnswered(socket, request, helper)) ask(socket, request)
  else tellDone(socket, [request])
}

/** Milliseconds; the kernel has always answered by then. */
const LONGEST = 60_000

/**
 * Waits for the announcement or the acknowledgement; both have the request's sequence number.
 * @returns false when the helper ended without either: it could not send
 * @throws KernelError when the kernel refuses
 */
function isAnswered(socket: Socket, request: Request, helper: number): boolean {
  const end = syscall('pidfd_open', helper, 0)
  try {
    while (readableOf([socket.fd, end], LONGEST).includes(socket.fd)) {
      const answer = readMessages(socket).find((message) => isAnswer(message, request, socket))
      const failure = answer && failureOf(answer, request, socket)
      if (failure) throw failure
      if (answer) return true
    }
    return false
  } finally {
    close(end)
    reapHelpers()
  }
}

/** Another socket's announcement may come here, too: that of a veth's other end goes to the same port in its namespace. */
function isAnswer(message: Message, request: Request, { sequence }: Socket): boolean {
  return message.seq === sequence && (message.type === request.type || isEnd(message))
}
