/** Locks between Patchbay's processes. All waits of a call together have a bound. */

import { CniError, Code } from '../error/error.ts'
import { tolerate } from '../kernel/errno.ts'
import { close, type Fd, makeDirectory } from '../kernel/files.ts'
import { type Limit, lock, type Settled, whileLocked, withDescriptorLock, withLock } from '../kernel/lock.ts'
import type { Namespace } from '../kernel/namespace.ts'
import { stateDirectory } from '../kernel/state-directory.ts'
import { explaining } from './explain.ts'
import { holderOf } from './holder.ts'

/** How long a call waits for locks in all, milliseconds. Runtimes give a call one minute or more. */
const LONGEST = 20_000

/** How long it waits at first, before it does what needs no lock. */
const SHORT = 200

/** What is left of the time of this call. */
const patience: Limit = { milliseconds: LONGEST, timedOut: heldTooLong }

/** Begins another call, in a process that lives for long. */
export function renewPatience(): void {
  patience.milliseconds = LONGEST
}

/**
 * Runs a synchronous action under the lock of a name.
 * @throws CniError of code 11 when the time is over, which names the process that holds the lock; of code 5 without a lock file
 */
export function withStateLock<T>(name: string, action: () => Settled<T>): T {
  return whileLocked(
    explaining(stateDirectory, () => lockIn(stateDirectory, name)),
    action,
  )
}

/** The same for an action that loads code or waits for programs: nothing else in this process may take the lock meanwhile. */
export async function withLockAwaiting<T>(name: string, action: () => Promise<T>): Promise<T> {
  const fd = explaining(stateDirectory, () => lockIn(stateDirectory, name))
  return closingAfter(fd, action)
}

/** The same for a removal, which is done without the lock where the state directory can have no file. */
export async function withLockIfPossible<T>(name: string, action: () => Promise<T>): Promise<T> {
  const take = () => tolerate(() => lockIn(stateDirectory, name), 'ENOENT', 'ENOTDIR', 'EROFS', 'ENOSPC')
  const fd = explaining(stateDirectory, take)
  return fd === undefined ? action() : closingAfter(fd, action)
}

async function closingAfter<T>(fd: Fd, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } finally {
    close(fd)
  }
}

/** The directory is there but for the first call after a boot. */
function lockIn(directory: string, name: string): Fd {
  const take = () => lock(`${directory}/${name}.lock`, patience)
  const fd = tolerate(take, 'ENOENT')
  if (fd !== undefined) return fd
  makeDirectory(directory)
  return take()
}

/** Runs an action under the lock of a host link. Take it to look up, make, use or remove the link. */
export function withLinkLock<T>(name: string, action: () => Settled<T>): T {
  return withStateLock(`link-${name}`, action)
}

/** Runs an action under the lock of any file. @throws CniError of code 11 */
export function withFileLock<T>(path: string, action: () => Settled<T>, milliseconds?: number): T {
  return withLock(
    path,
    action,
    milliseconds === undefined ? patience : { milliseconds, timedOut: heldTooLong },
  )
}

/** Runs an action under the lock of a network namespace itself: no file is made, and the reference's sbr waits for the same. */
export function withNamespaceLock<T>({ fd, path }: Namespace, action: () => Settled<T>): T {
  return withDescriptorLock(fd, path, action, patience)
}

/**
 * Runs a DEL or GC. When it finds a lock held, it does the rest first, and only then waits: the action runs a second time, which
 * finds that done.
 */
export async function withoutHeldLocksFirst(action: () => unknown): Promise<void> {
  if (await withPatience(SHORT, action)) await action()
}

/** @returns whether a lock was held for longer than this time; then the action is to run again */
async function withPatience(milliseconds: number, action: () => unknown): Promise<boolean> {
  patience.milliseconds = milliseconds
  try {
    await action()
    return false
  } catch (error) {
    if (patience.milliseconds > 0) throw error
    return true
  } finally {
    patience.milliseconds = LONGEST - milliseconds
  }
}

/** The error of a lock that another process has for too long: it names that process. */
export function heldTooLong(path: string): CniError {
  const holder = holderOf(path)
  const owner = holder ? `process ${holder.pid} (${holder.description})` : 'another process'
  return new CniError(Code.TryAgainLater, {
    msg: `${owner} holds a lock that this call needs: try again later`,
    hint: holder && `if that process hangs, end it: kill -9 ${holder.pid}`,
    path,
    see: holder ? `cat /proc/${holder.pid}/stack` : `fuser -v ${path}`,
  })
}
