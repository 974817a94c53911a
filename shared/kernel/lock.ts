/** Advisory locks by flock(2), the same that the reference's host-local takes, so both can share a directory. */

import { Errno, KernelError } from './errno.ts'
import { close, type Fd, Open, open } from './files.ts'
import { syscall } from './syscall.ts'

/** Operations of flock(2), include/uapi/asm-generic/fcntl.h. */
const LOCK_SH = 1
const LOCK_EX = 2
const LOCK_NB = 4

/** Opens (creating it) a lock file and waits for the lock; closing the descriptor releases it. */
export function lock(path: string, mode: 'shared' | 'exclusive' = 'exclusive'): Fd {
  const fd = open(path, Open.RDONLY | Open.CREAT)
  const result = syscall('flock', fd, mode === 'shared' ? LOCK_SH : LOCK_EX)
  if (result < 0) {
    close(fd)
    throw new KernelError(-result, `lock ${path}`)
  }
  return fd
}

/** Turns a held lock exclusive if nobody else holds it; false when somebody does. */
export function tryExclusive(fd: Fd): boolean {
  const result = syscall('flock', fd, LOCK_EX | LOCK_NB)
  if (result < 0 && result !== -Errno.EAGAIN) throw new KernelError(-result, `lock fd ${fd}`)
  return result === 0
}

/** Holds an exclusive lock for the time of a synchronous callback. */
export function withLock<T>(path: string, action: () => T): T {
  const fd = lock(path)
  try {
    return action()
  } finally {
    close(fd)
  }
}
