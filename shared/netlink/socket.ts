/** Netlink sockets: sends requests and reads the answers. Errors have the kernel's explanation and a command. */

import { Errno, isErrno, KernelError, tolerate } from '../kernel/errno.ts'
import { close, type Fd } from '../kernel/files.ts'
import { inNamespace, type Namespace } from '../kernel/namespace.ts'
import { spanned } from '../kernel/span.ts'
import { must, syscall } from '../kernel/syscall.ts'
import { Datagram } from './datagram.ts'
import { tellDone } from './done.ts'
import {
  DumpInterrupted,
  encode,
  Flag,
  failureOf,
  isEnd,
  type Message,
  type Reply,
  type Request,
  split,
} from './message.ts'

export { Flag, type Reply, type Request }

/** Netlink families, include/uapi/linux/netlink.h. */
export const Protocol = { ROUTE: 0, SOCK_DIAG: 4, NETFILTER: 12, GENERIC: 16 } as const

const AF_NETLINK = 16
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_SNDBUFFORCE = 32
const SOL_NETLINK = 270
const NETLINK_EXT_ACK = 11
const NETLINK_GET_STRICT_CHK = 12
const MSG_TRUNC = 0x20
const MSG_DONTWAIT = 0x40

export interface Socket {
  fd: Fd
  /** The path of the namespace in which it was opened, when that is not the plugin's own. */
  netns?: string
  /** Sequence number of the last message sent. */
  sequence: number
  /** A request is under way, or failed before its answer was read to the end: then a list may still come. */
  busy: boolean
}

/** Opens a netlink socket in the current namespace. @param groups multicast groups to join, as a bit mask */
export function openSocket(protocol: number, groups = 0): Socket {
  const fd = must('open a netlink socket', 'socket', AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)
  const one = Buffer.from([1, 0, 0, 0])
  for (const option of [NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK]) {
    syscall('setsockopt', fd, SOL_NETLINK, option, one, 4)
  }
  if (groups !== 0) must('bind a netlink socket', 'bind', fd, addressOf(groups), ADDRESS_LENGTH)
  must('connect a netlink socket', 'connect', fd, addressOf(0), ADDRESS_LENGTH)
  return { fd, sequence: Math.floor(Math.random() * 0x7fffffff), busy: false }
}

const ADDRESS_LENGTH = 12

/**
 * struct sockaddr_nl of the kernel, whose port is 0. A socket that is connected to it gets nothing that a process sends to its
 * port (netlink_getsockbyportid, net/netlink/af_netlink.c): neither false answers, nor so many messages that answers are lost.
 */
function addressOf(groups: number): Buffer {
  const address = Buffer.alloc(ADDRESS_LENGTH)
  address.writeUInt16LE(AF_NETLINK, 0)
  address.writeUInt32LE(groups, 8)
  return address
}

/** Opens a netlink socket in a container's namespace; the commands in its errors begin with `nsenter`. */
export function openSocketIn(container: Namespace, protocol: number): Socket {
  return { ...inNamespace(container, () => openSocket(protocol)), netns: container.path }
}

export function closeSocket(socket: Socket): void {
  close(socket.fd)
}

/** The kernel stores so many answers before they are read: each takes 768 bytes or more of a receive buffer of 208 KiB. */
const MOST_AT_ONCE = 100

/**
 * Sends requests and returns the messages of each answer. The kernel processes them in order, also those after a failed one;
 * the first failure is thrown. A batch of nfnetlink, which has unacknowledged markers, is one datagram.
 * @throws KernelError with errno, extended ack text and the request's command
 */
export function transact(socket: Socket, requests: Request[]): Reply[][] {
  const isBatch = requests.some(({ unacknowledged }) => unacknowledged)
  const size = isBatch ? requests.length : MOST_AT_ONCE
  const answers: Reply[][] = []
  let failure: KernelError | undefined
  for (let at = 0; at < requests.length; at += size) {
    const some = requests.slice(at, at + size)
    const part = spanned('netlink', () => exchange(socket, some), some[isBatch ? 1 : 0])
    failure ??= part.failure
    for (const answer of part.answers) answers.push(answer)
  }
  if (failure) throw failure
  return answers
}

interface Exchanged {
  answers: Reply[][]
  failure: KernelError | undefined
  refused: Request[]
}

/** Sends requests in one datagram, and reads their answers. */
function exchange(socket: Socket, requests: Request[]): Exchanged {
  const first = socket.sequence + 1
  socket.busy = true
  send(socket, requests)
  const exchanged = receive(socket, first, requests)
  socket.busy = false
  tellDone(socket, requests, exchanged.refused)
  return exchanged
}

/** Sends one request and returns the messages of its answer. */
export function ask(socket: Socket, request: Request): Reply[] {
  return transact(socket, [request])[0] ?? []
}

/** Sends a dump request and returns the messages of its answer. */
export function dump(socket: Socket, request: Omit<Request, 'flags'>): Reply[] {
  return uninterrupted(() => ask(socket, { ...request, flags: Flag.DUMP }))
}

/** Repeats a dump when the list changed while it was read (NLM_F_DUMP_INTR), at most nine times. */
function uninterrupted<T>(ask: () => T): T {
  for (let attempt = 0; ; attempt++) {
    try {
      return ask()
    } catch (error) {
      if (!(error instanceof DumpInterrupted) || attempt === 9) throw error
    }
  }
}

/**
 * The first matching message of a dump that may be long. The rest of the dump is neither made by the kernel nor read.
 * @param socket a socket for this call only: it is closed, because it accepts no request during an unread dump
 */
export function findInDump(
  socket: Socket,
  request: Omit<Request, 'flags'>,
  fits: (reply: Reply) => boolean,
): Reply | undefined {
  try {
    return spanned('netlink', () => search(socket, { ...request, flags: Flag.DUMP }, fits), request)
  } finally {
    closeSocket(socket)
  }
}

/**
 * A list that changed while it was read may lack entries; without a match it is read again, at most `attempts` times.
 * @throws KernelError EAGAIN when it changed each time: that nothing fits is not known then
 */
function search(
  socket: Socket,
  request: Request,
  fits: (reply: Reply) => boolean,
  attempts = 10,
): Reply | undefined {
  send(socket, [request])
  for (let wasChanged = false; ; ) {
    for (const message of readMessages(socket)) {
      if (message.seq !== socket.sequence) continue
      const error = failureOf(message, request, socket)
      if (error instanceof DumpInterrupted) wasChanged = true
      else if (error) throw error
      if (isEnd(message) && !wasChanged) return undefined
      if (isEnd(message)) return searchAgain(socket, request, fits, attempts - 1)
      if (fits(message)) return message
    }
  }
}

function searchAgain(
  socket: Socket,
  request: Request,
  fits: (reply: Reply) => boolean,
  attempts: number,
): Reply | undefined {
  if (attempts === 0) throw new DumpInterrupted(request.attempt)
  return search(socket, request, fits, attempts)
}

/** A datagram of requests, whose last one has the socket's sequence number then. */
export function encodeRequests(socket: Socket, requests: Request[]): Buffer {
  const datagram = new Datagram()
  for (const request of requests) encode(request, ++socket.sequence, datagram)
  return datagram.bytes()
}

function send(socket: Socket, requests: Request[]): void {
  const datagram = encodeRequests(socket, requests)
  const sendIt = () => syscall('sendto', socket.fd, datagram, datagram.length, 0, 0, 0)
  // Not by `must`: the words of a request are made when it fails.
  let result = sendIt()
  if (result === -Errno.EMSGSIZE && enlarge(socket, datagram.length)) result = sendIt()
  if (result < 0) throw new KernelError(-result, requests[0]?.attempt ?? 'send nothing')
}

/** Makes the buffer large enough for a datagram, whatever net.core.wmem_max says. @returns false without CAP_NET_ADMIN on the host */
function enlarge({ fd }: Socket, length: number): boolean {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(length)
  return syscall('setsockopt', fd, SOL_SOCKET, SO_SNDBUFFORCE, size, size.length) === 0
}

/**
 * Reads until every request has its acknowledgement or the end of its dump. An error has a copy of its request, so a transaction with many
 * errors loses the last ones: after the first none is waited for. All are there when sendto(2) returns (nfnetlink_rcv_batch).
 */
function receive(socket: Socket, first: number, requests: Request[]): Exchanged {
  const isBatch = requests.some(({ unacknowledged }) => unacknowledged)
  const answers: Reply[][] = requests.map(() => [])
  let pending = requests.filter((request) => !request.unacknowledged).length
  const refused: Request[] = []
  let failure: KernelError | undefined
  while (pending > 0) {
    const messages = isBatch ? readWaiting(socket) : readMessages(socket)
    if (!messages) break
    for (const message of messages) {
      const index = message.seq - first
      const request = requests[index]
      if (!request) continue
      const error = failureOf(message, request, socket)
      failure ??= error
      if (error) refused.push(request)
      const end = isEnd(message)
      if (!end) answers[index]?.push({ type: message.type, data: message.data })
      if (end || request.single) pending = request.unacknowledged && error ? 0 : pending - 1
    }
  }
  if (isBatch && failure) drain(socket)
  if (pending > 0) failure ??= new KernelError(Errno.ENOBUFS, requests[0]?.attempt ?? 'read netlink')
  return { answers, failure, refused }
}

/** Reads what is left of a transaction's errors: they fill the buffer, and the answer of the next request would be lost. */
function drain(socket: Socket): void {
  for (let there = true; there; ) there = readWaiting(socket) !== undefined
}

/** The messages of the next datagram; undefined when none is there. */
function readWaiting(socket: Socket): Message[] | undefined {
  try {
    return tolerate(() => readMessages(socket, MSG_DONTWAIT), 'EAGAIN')
  } catch (error) {
    // It is said once: the last answers are lost, the first are there.
    if (!isErrno(error, 'ENOBUFS')) throw error
    return []
  }
}

/**
 * Size of the receive buffer, bytes. Only what is used of it costs: an answer is longer than a few KiB when it is a part of a list (32 KiB),
 * or has lists in it, each of at most 64 KiB (a link's alternative names).
 */
const BUFFER_SIZE = 131_072

let buffer: Buffer | undefined

/**
 * Reads one datagram of the kernel and splits it into messages.
 * @throws KernelError EMSGSIZE for one that is longer than any of the kernel's
 */
export function readMessages({ fd }: Socket, flags = 0): Message[] {
  buffer ??= Buffer.alloc(BUFFER_SIZE)
  const length = must('read netlink', 'recvfrom', fd, buffer, BUFFER_SIZE, MSG_TRUNC | flags, 0, 0)
  if (length > BUFFER_SIZE)
    throw new KernelError(Errno.EMSGSIZE, 'read netlink', { extack: `the answer has ${length} bytes` })
  return split(Buffer.from(buffer.subarray(0, length)))
}
