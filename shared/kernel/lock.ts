/** Advisory locks by flock(2), the same that the reference's host-local takes, so both can share a directory. */

import { now, sleep } from './clock.ts'
import { Errno, KernelError } from './errno.ts'
import { close, type Fd, Open, open } from './files.ts'
import { syscall } from './syscall.ts'

/** Operations of flock(2), include/uapi/asm-generic/fcntl.h. */
const LOCK_EX = 2
const LOCK_NB = 4

/** A result that is no promise: a lock is released before a promise is settled. */
export type Settled<T> = T extends PromiseLike<unknown> ? never : T

/** How long to wait for a lock, and what to throw when that was not enough. */
export interface Patience {
  milliseconds: number
  gaveUp(): Error
}

/**
 * Holds an exclusive lock for the time of a synchronous callback; an asynchronous one does not compile.
 * @param path the lock file, made where it is missing
 * @throws KernelError, or what `gaveUp` returns
 */
export function withLock<T>(path: string, action: () => Settled<T>, patience: Patience): T {
  const fd = lock(path, patience)
  try {
    return action()
  } finally {
    close(fd)
  }
}

/** Opens a lock file and takes the lock; closing the descriptor releases it. */
function lock(path: string, patience: Patience): Fd {
  const fd = open(path, Open.RDONLY | Open.CREAT)
  try {
    if (!tryLock(fd, path)) waitFor(fd, path, patience)
    return fd
  } catch (error) {
    close(fd)
    throw error
  }
}

/** @returns false when another process has the lock */
function tryLock(fd: Fd, path: string): boolean {
  const result = syscall('flock', fd, LOCK_EX | LOCK_NB)
  if (result === -Errno.EAGAIN) return false
  if (result < 0) throw new KernelError(-result, `lock ${path}`)
  return true
}

/** The longest pause between two attempts, milliseconds. */
const LONGEST_PAUSE = 16

/** flock(2) itself has no time limit, so it is asked again and again. */
function waitFor(fd: Fd, path: string, { milliseconds, gaveUp }: Patience): void {
  const end = now() + milliseconds
  for (let pause = 1; !tryLock(fd, path); pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    if (now() >= end) throw gaveUp()
    sleep(pause)
  }
}
