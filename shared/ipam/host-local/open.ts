/**
 * Opens a network's reservations under their lock: the reference's files (records.ts), which either program can take over
 * from the other, and an index beside them (index.ts), rebuilt when it is out of date.
 */

import { CniError, Code, factsOf } from '../../error/error.ts'
import type { Log } from '../../error/log.ts'
import { remedyOf } from '../../error/remedy.ts'
import { KernelError } from '../../kernel/errno.ts'
import { makeDirectory } from '../../kernel/files.ts'
import type { Settled } from '../../kernel/lock.ts'
import { stat } from '../../kernel/stat.ts'
import { withFileLock } from '../../state/lock.ts'
import { indexRoot, isCurrent, savedIndex } from './index.ts'
import { rebuild, removeEarlierIndexes } from './rebuild.ts'
import type { Reservation } from './records.ts'
import { releaseOrPark } from './sticky.ts'
import type { Store } from './store.ts'

/** The directory of a network's reservations. */
export function directoryOf(dataDir: string, network: string): string {
  return `${dataDir}/${network}`
}

/** Makes a network's directory unless it exists. @throws KernelError */
export function makeStore(directory: string): void {
  makeDirectory(directory)
}

/** Runs an action under the lock of a directory. @throws CniError of code 5 when a file cannot be read or written */
export function withStore<T>(directory: string, log: Log, action: (store: Store) => Settled<T>): T {
  const root = indexRoot(directory)
  return locked(directory, () => {
    if (!isCurrent(directory, root)) return saving(reopen(directory, root, log).store, action)
    return saving({ directory, log, index: savedIndex(directory, root) }, action)
  })
}

/** Like withStore, with all reservations, read from their files even when the index is current. */
export function withAll<T>(
  directory: string,
  log: Log,
  action: (store: Store, all: readonly Reservation[]) => Settled<T>,
): T {
  return locked(directory, () => {
    const { store, all } = reopen(directory, indexRoot(directory), log)
    return saving(store, () => action(store, all))
  })
}

/** Whether a network has a directory. Without one, nothing is reserved. */
export function hasStore(directory: string): boolean {
  return stat(directory) !== undefined
}

function locked<T>(directory: string, action: () => Settled<T>): T {
  return explaining(directory, () => withFileLock(`${directory}/lock`, action))
}

/** Saves the changes of an action, also when it fails. */
function saving<T>(store: Store, action: (store: Store) => T): T {
  try {
    return action(store)
  } finally {
    store.index.save()
  }
}

/** Rebuilds the index, and releases the addresses of containers of an earlier boot. */
function reopen(directory: string, root: string, log: Log): { store: Store; all: Reservation[] } {
  const { index, all, dead } = rebuild(directory, root, log)
  const store = { directory, index, log }
  for (const reservation of dead) {
    log.info(`${reservation.file} was held by ${reservation.containerID}, which ended with an earlier boot`)
    releaseOrPark(store, reservation)
  }
  removeEarlierIndexes(directory, root)
  return { store, all: all.filter((reservation) => !dead.includes(reservation)) }
}

/** Adds a remedy to errors of a full, read-only or protected file system. @throws CniError of code 5 for a KernelError */
export function explaining<T>(directory: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    const { message: msg, errno } = error
    const hint = remedies(directory)[errno] ?? remedyOf(error)
    throw new CniError(Code.IoFailure, { msg, hint, ...factsOf(error) })
  }
}

function remedies(directory: string): Record<string, string> {
  const full = `make room: df -h ${directory}; df -i ${directory}`
  const readOnly = `mount it writable, or set ipam.dataDir to a writable directory: findmnt -T ${directory}`
  const denied = `run the plugin as root; if it is root, look at the permissions: namei -l ${directory}; lsattr -d ${directory}`
  return { ENOSPC: full, EDQUOT: full, EROFS: readOnly, EACCES: denied, EPERM: denied }
}
