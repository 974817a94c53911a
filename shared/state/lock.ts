/** Locks between Patchbay's processes, each with a bounded wait. They lie below `/run`, which a reboot empties. */

import { CniError, Code } from '../error/error.ts'
import { makeDirectory } from '../kernel/files.ts'
import { type Settled, withLock } from '../kernel/lock.ts'
import { stateDirectory } from './directory.ts'
import { holderOf } from './holder.ts'

/** How long a call waits for a lock, milliseconds. */
const WAIT = 30_000

/**
 * Holds the lock of one name for the time of a synchronous action.
 * @throws CniError of code 11 that names the process which has it, after half a minute
 */
export function withStateLock<T>(name: string, action: () => Settled<T>): T {
  makeDirectory(stateDirectory)
  return withFileLock(`${stateDirectory}/${name}.lock`, action)
}

/** Holds the lock of one host link: looking at it, making it, becoming its port and removing it exclude each other. */
export function withLinkLock<T>(name: string, action: () => Settled<T>): T {
  return withStateLock(`link-${name}`, action)
}

/** The same for a lock file anywhere. */
export function withFileLock<T>(path: string, action: () => Settled<T>, milliseconds = WAIT): T {
  return withLock(path, action, { milliseconds, timedOut: () => stillHeld(path, milliseconds) })
}

function stillHeld(path: string, milliseconds: number): CniError {
  const holder = holderOf(path)
  const who = holder ? `process ${holder.pid} (${holder.words})` : 'another process'
  return new CniError(Code.TryAgainLater, {
    msg: `waited ${milliseconds / 1000} s for a lock that ${who} holds`,
    hint: holder && `if it is stuck, end it: kill ${holder.pid}`,
    path,
    see: holder ? `cat /proc/${holder.pid}/stack` : `fuser -v ${path}`,
  })
}
