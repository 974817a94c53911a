/** What has come at a UDP socket of either family. */

import { Errno, KernelError } from '../../kernel/errno.ts'
import type { Fd } from '../../kernel/files.ts'
import { syscall } from '../../kernel/syscall.ts'

const MSG_DONTWAIT = 0x40

/** What the network says of an earlier datagram, as ECONNREFUSED, is no answer. */
const passing: readonly number[] = [
  Errno.EAGAIN,
  Errno.ECONNREFUSED,
  Errno.EHOSTUNREACH,
  Errno.ENETUNREACH,
  Errno.ENETDOWN,
]

/** The payload of the next datagram that waits; undefined when none does. @param longest bytes; what is behind them is cut off @throws KernelError */
export function nextDatagram(fd: Fd, longest: number): Buffer | undefined {
  const buffer = Buffer.alloc(longest)
  const length = syscall('recvfrom', fd, buffer, buffer.length, MSG_DONTWAIT, 0, 0)
  if (length >= 0) return buffer.subarray(0, length)
  if (passing.includes(-length)) return undefined
  throw new KernelError(-length, 'receive a datagram')
}
