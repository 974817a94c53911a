/** Node's engine, with which a case can change what the kernel answers on sockets. `register.ts` puts it in the place of #engine. */

import type { Engine, SyscallArgument } from '../../../engine/engine.ts'
import * as node from '../../../engine/node/engine.ts'
import type { Lie } from './case.ts'

export const { architecture, become, commandLine, exit, sendInBackground, spawn } = node

const numbers = {
  x64: { write: 1, close: 3, socket: 41, recvfrom: 45, openat: 257 },
  arm64: { write: 64, close: 57, socket: 198, recvfrom: 207, openat: 56 },
}[architecture]

const MSG_DONTWAIT = 0x40
const NETLINK_NETFILTER = 12
const STDERR = 2

/** A call that runs: its environment, the lies it is told, how many datagrams it has read, the files it has open, its log. */
interface Call {
  env: Record<string, string>
  lies: readonly Lie[]
  read: number
  open: Set<number>
  stderr: string
}

let call: Call | undefined

/**
 * Runs an action as a call of a plugin, in its own environment; the files that it leaves open are closed, as at a process's end.
 * @returns what the action returns, and what it wrote to standard error
 */
export async function asCall<T>(
  env: Record<string, string>,
  lies: readonly Lie[],
  action: () => Promise<T>,
): Promise<{ result: T; stderr: string }> {
  const here: Call = { env, lies, read: 0, open: new Set(), stderr: '' }
  call = here
  try {
    const result = await action()
    return { result, stderr: here.stderr }
  } finally {
    for (const fd of here.open) node.syscall(numbers.close, fd)
    call = undefined
  }
}

export const environment: Engine['environment'] = () => call?.env ?? node.environment()

export const syscall: Engine['syscall'] = (number, ...args) => {
  if (!call) return node.syscall(number, ...args)
  if (number === numbers.recvfrom) return receive(call, args)
  if (number === numbers.write && args[0] === STDERR) return log(call, args[1])
  const result = node.syscall(number, ...args)
  // The firewall keeps its socket from one call to the next.
  const isKept = number === numbers.socket && args[2] === NETLINK_NETFILTER
  if ((number === numbers.openat || number === numbers.socket) && result >= 0 && !isKept)
    call.open.add(result)
  if (number === numbers.close) call.open.delete(Number(args[0]))
  return result
}

function log(here: Call, bytes: SyscallArgument = 0): number {
  const text = Buffer.from(bytes as Uint8Array)
  here.stderr += text.toString()
  return text.length
}

/** Reads a datagram and changes it. It does not wait: after a lie there may be nothing to wait for. */
function receive(here: Call, args: SyscallArgument[]): number {
  const [fd = 0, buffer, size = 0, flags = 0, ...address] = args
  const length = node.syscall(
    numbers.recvfrom,
    fd,
    buffer ?? 0,
    size,
    Number(flags) | MSG_DONTWAIT,
    ...address,
  )
  if (length <= 0 || typeof buffer !== 'object') return length
  const nth = here.read++
  const lies = here.lies.filter((lie) => lie.nth === nth)
  return lies.reduce((end, lie) => tell(lie, buffer, end), length)
}

/** Changes a datagram in place. @returns its new length */
function tell({ at, bytes }: Lie, buffer: Uint8Array, length: number): number {
  const place = length === 0 ? 0 : at % length
  if (bytes === undefined) return place
  const put = Buffer.from(bytes, 'hex').subarray(0, length - place)
  buffer.set(put, place)
  return length
}
