/** Locks between Patchbay's processes, each with a bounded wait. */

import { CniError, Code } from '../error/error.ts'
import { makeDirectory } from '../kernel/files.ts'
import { type Settled, withLock } from '../kernel/lock.ts'
import { stateDirectory } from './directory.ts'
import { holderOf } from './holder.ts'

/** How long a call waits for a lock, milliseconds. */
const WAIT = 30_000

/**
 * Runs a synchronous action under the lock of a name.
 * @throws CniError of code 11 after 30 s, which names the process that holds the lock
 */
export function withStateLock<T>(name: string, action: () => Settled<T>): T {
  makeDirectory(stateDirectory)
  return withFileLock(`${stateDirectory}/${name}.lock`, action)
}

/** Runs an action under the lock of a host link. Take it to look up, make, use or remove the link. */
export function withLinkLock<T>(name: string, action: () => Settled<T>): T {
  return withStateLock(`link-${name}`, action)
}

/** Runs an action under the lock of any file. @throws CniError of code 11 */
export function withFileLock<T>(path: string, action: () => Settled<T>, milliseconds = WAIT): T {
  return withLock(path, action, { milliseconds, timedOut: () => stillHeld(path, milliseconds) })
}

function stillHeld(path: string, milliseconds: number): CniError {
  const holder = holderOf(path)
  const owner = holder ? `process ${holder.pid} (${holder.description})` : 'another process'
  return new CniError(Code.TryAgainLater, {
    msg: `waited ${milliseconds / 1000} s for a lock that ${owner} holds`,
    hint: holder && `if that process hangs, end it: kill ${holder.pid}`,
    path,
    see: holder ? `cat /proc/${holder.pid}/stack` : `fuser -v ${path}`,
  })
}
