/** Advisory locks by flock(2). The reference's host-local uses the same, so both can share a directory. */

import { now, sleep } from './clock.ts'
import { Errno, KernelError, tolerate } from './errno.ts'
import { close, type Fd, Open, open } from './files.ts'
import { spanned } from './span.ts'
import { syscall } from './syscall.ts'

/** Operations of flock(2), include/uapi/asm-generic/fcntl.h. */
const LOCK_SH = 1
const LOCK_EX = 2
const LOCK_NB = 4
const LOCK_UN = 8

/** A result that is not a promise: the lock would be released before the promise is settled. */
export type Settled<T> = T extends PromiseLike<unknown> ? never : T

/** How long to wait for locks, and the error to throw after that time. */
export interface Limit {
  /** Each wait takes its time away from it. */
  milliseconds: number
  timedOut(path: string): Error
}

/**
 * Holds an exclusive lock while a synchronous callback runs; an asynchronous callback does not compile.
 * @throws as `lock`
 */
export function withLock<T>(path: string, action: () => Settled<T>, limit: Limit): T {
  return whileLocked(lock(path, limit), action)
}

/** Runs a synchronous action, and then closes a lock file, which releases its lock. */
export function whileLocked<T>(fd: Fd, action: () => Settled<T>): T {
  try {
    return action()
  } finally {
    close(fd)
  }
}

/**
 * The same with the lock of a descriptor that is open already, and stays open.
 * @param path of the file, for errors
 * @throws KernelError, or what `timedOut` returns
 */
export function withDescriptorLock<T>(fd: Fd, path: string, action: () => Settled<T>, limit: Limit): T {
  if (!tryLock(fd, path)) spanned('lock wait', () => waitFor(fd, path, limit), { path })
  try {
    return action()
  } finally {
    syscall('flock', fd, LOCK_UN)
  }
}

/**
 * Opens a lock file and takes the exclusive lock; closing the descriptor releases it.
 * @param path the lock file; made when it is missing
 * @throws KernelError, or what `timedOut` returns
 */
export function lock(path: string, limit: Limit): Fd {
  const fd = open(path, Open.RDONLY | Open.CREAT | Open.NONBLOCK | Open.NOFOLLOW)
  try {
    if (!tryLock(fd, path)) spanned('lock wait', () => waitFor(fd, path, limit), { path })
    return fd
  } catch (error) {
    close(fd)
    throw error
  }
}

/** Whether a process holds the exclusive lock of a file. It is tried, and released at once. A file that is not there, or cannot be opened, is not locked. */
export function isLocked(path: string): boolean {
  const flags = Open.RDONLY | Open.NONBLOCK | Open.NOFOLLOW
  const fd = tolerate(() => open(path, flags), 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENXIO')
  if (fd === undefined) return false
  try {
    return syscall('flock', fd, LOCK_SH | LOCK_NB) === -Errno.EAGAIN
  } finally {
    close(fd)
  }
}

/** @returns false when another process has the lock */
function tryLock(fd: Fd, path: string, kind = LOCK_EX): boolean {
  const result = syscall('flock', fd, kind | LOCK_NB)
  if (result === -Errno.EAGAIN) return false
  if (result < 0) throw new KernelError(-result, `lock ${path}`)
  return true
}

/** Takes the lock of an open file, unless another process has it. Closing the descriptor releases it, also those that programs inherit. */
export function lockIfFree(fd: Fd, path: string): boolean {
  return tryLock(fd, path)
}

/** The longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 16

/** Retries until the time is over: flock(2) has no time limit. */
function waitFor(fd: Fd, path: string, limit: Limit): void {
  const begun = now()
  const waited = () => now() - begun
  try {
    for (let pause = 1; !tryLock(fd, path); pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      if (waited() >= limit.milliseconds) throw limit.timedOut(path)
      sleep(pause)
    }
  } finally {
    limit.milliseconds -= waited()
  }
}
