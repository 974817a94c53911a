/** Advisory locks by flock(2), the same that the reference's host-local takes, so both can share a directory. */

import { KernelError } from './errno.ts'
import { close, type Fd, Open, open } from './files.ts'
import { syscall } from './syscall.ts'

/** The operation of flock(2), include/uapi/asm-generic/fcntl.h. */
const LOCK_EX = 2

/** Opens (creating it) a lock file and waits for the lock; closing the descriptor releases it. */
function lock(path: string): Fd {
  const fd = open(path, Open.RDONLY | Open.CREAT)
  const result = syscall('flock', fd, LOCK_EX)
  if (result < 0) {
    close(fd)
    throw new KernelError(-result, `lock ${path}`)
  }
  return fd
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
