/** Transactions of nf_tables: atomic, and only if the rules have not changed since they were read. */

import { putU32be } from 'netlink/dist/structs.js'
import { Errno, isErrno, KernelError } from '../kernel/errno.ts'
import { spanned } from '../kernel/span.ts'
import { familyHeader, Message } from './nftables.ts'
import { ask, type Request, type Socket, transact } from './socket.ts'

const NFNL_SUBSYS_NFTABLES = 10
/** Batch markers and their attribute, include/uapi/linux/netfilter/nfnetlink.h. */
const NFNL_MSG_BATCH_BEGIN = 16
const NFNL_MSG_BATCH_END = 17
const NFNL_BATCH_GENID = 1
const AF_UNSPEC = 0
/** The limit of attempts: an attempt fails only when another program's transaction was committed meanwhile. */
const attempts = 1000

/**
 * Reads, plans and commits: `plan` reads the rules and returns requests. When another program has changed the rules since,
 * the kernel refuses the transaction and `plan` is called again. Without requests there is no transaction.
 * @throws KernelError EOPNOTSUPP when the kernel has no nf_tables; the error of a request, after which nothing is changed
 */
export function update(socket: Socket, plan: () => Request[]): void {
  spanned('firewall', () => commitPlan(socket, plan))
}

function commitPlan(socket: Socket, plan: () => Request[]): void {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const generation = readGeneration(socket)
    const requests = plan()
    if (requests.length === 0 || commit(socket, requests, generation)) return
  }
  throw new KernelError(Errno.EAGAIN, 'change the nftables rules', {
    extack: `other programs changed them during each of ${attempts} attempts`,
    see: 'nft monitor',
  })
}

/** Asks for nf_tables. Another question needs a transaction, which waits for the lock of all rules. @throws KernelError EOPNOTSUPP without it */
export function requireNftables(socket: Socket): void {
  readGeneration(socket)
}

/** The generation number of all tables; each transaction increases it. */
function readGeneration(socket: Socket): number {
  try {
    const [reply] = ask(socket, generationRequest)
    return reply?.data.readUInt32BE(8) ?? 0
  } catch (error) {
    if (isErrno(error, 'EINVAL'))
      throw new KernelError(Errno.EOPNOTSUPP, 'use nftables', { extack: 'the kernel has no nf_tables' })
    throw error
  }
}

const generationRequest: Request = {
  type: (NFNL_SUBSYS_NFTABLES << 8) | Message.GETGEN,
  flags: 0,
  single: true,
  payload: familyHeader(AF_UNSPEC),
  attempt: 'read the generation of the nftables rules',
  see: 'nft list tables',
}

/** Commits requests; false when the generation has changed since it was read. */
function commit(socket: Socket, requests: Request[], generation: number): boolean {
  try {
    transact(socket, [begin(generation), ...acknowledged(requests), end])
    return true
  } catch (error) {
    if (isErrno(error, 'ERESTART')) return false
    throw error
  }
}

/** The socket stores acknowledgements of so many requests before they are read. */
const mostAcknowledged = 100

/** Of many requests only the last is acknowledged: an error is reported all the same (nfnetlink_rcv_batch, net/netfilter/nfnetlink.c). */
function acknowledged(requests: Request[]): Request[] {
  if (requests.length <= mostAcknowledged) return requests
  const last = requests.length - 1
  return requests.map((one, index) => (index < last ? { ...one, unacknowledged: true } : one))
}

function begin(generation: number): Request {
  return {
    ...marker(NFNL_MSG_BATCH_BEGIN),
    payload: (out) => {
      out.emit(familyHeader(AF_UNSPEC, NFNL_SUBSYS_NFTABLES))
      out.push(NFNL_BATCH_GENID, putU32be(generation))
    },
  }
}

const end: Request = marker(NFNL_MSG_BATCH_END)

function marker(type: number): Request {
  return {
    type,
    flags: 0,
    payload: familyHeader(AF_UNSPEC, NFNL_SUBSYS_NFTABLES),
    attempt: 'run an nftables transaction',
    unacknowledged: true,
  }
}
