/**
 * A network's reservations, held with the lock: the reference's files (records.ts), so that either can go on where the
 * other left, and an index beside them (index.ts), made anew where it is not true any more.
 */

import { CniError, Code, factsOf } from '../../cni/error.ts'
import type { Log } from '../../cni/log.ts'
import { KernelError } from '../../kernel/errno.ts'
import { makeDirectory, stat } from '../../kernel/files.ts'
import type { Settled } from '../../kernel/lock.ts'
import { withFileLock } from '../../state/lock.ts'
import { indexRoot, isSealed, keptIndex } from './index.ts'
import { forgetEarlierBoots, rebuild } from './rebuild.ts'
import type { Reservation } from './records.ts'
import { leave } from './sticky.ts'
import type { Store } from './store.ts'

/** Where a network's reservations are kept. */
export function directoryOf(dataDir: string, network: string): string {
  return `${dataDir}/${network}`
}

/** Makes a network's directory when it is missing. @throws KernelError */
export function makeStore(directory: string): void {
  makeDirectory(directory)
}

/** Holds the lock of a network's directory. @throws CniError when something cannot be read or written */
export function withStore<T>(directory: string, log: Log, action: (store: Store) => Settled<T>): T {
  const root = indexRoot(directory)
  return locked(directory, () => {
    if (!isSealed(directory, root)) return sealing(reopen(directory, root, log).store, action)
    return sealing({ directory, log, index: keptIndex(directory, root) }, action)
  })
}

/** The same, with all reservations: they are read anew, whatever the index says. */
export function withAll<T>(
  directory: string,
  log: Log,
  action: (store: Store, all: readonly Reservation[]) => Settled<T>,
): T {
  return locked(directory, () => {
    const { store, all } = reopen(directory, indexRoot(directory), log)
    return sealing(store, () => action(store, all))
  })
}

/** Whether a network has a directory; where there is none, nothing is reserved. */
export function hasStore(directory: string): boolean {
  return stat(directory) !== undefined
}

function locked<T>(directory: string, action: () => Settled<T>): T {
  return explaining(directory, () => withFileLock(`${directory}/lock`, action))
}

/** Whatever comes of an action, what it changed is kept. */
function sealing<T>(store: Store, action: (store: Store) => T): T {
  try {
    return action(store)
  } finally {
    store.index.seal()
  }
}

/** Makes the index anew, and takes the addresses of containers that ended with an earlier boot. */
function reopen(directory: string, root: string, log: Log): { store: Store; all: Reservation[] } {
  const { index, all, dead } = rebuild(directory, root, log)
  const store = { directory, index, log }
  for (const reservation of dead) {
    log.info(`${reservation.file} was held by ${reservation.containerID}, which ended with an earlier boot`)
    leave(store, reservation)
  }
  forgetEarlierBoots(directory, root)
  return { store, all: all.filter((reservation) => !dead.includes(reservation)) }
}

/** Says what to do about a file system that takes nothing. @throws CniError of code 5 instead of a KernelError */
export function explaining<T>(directory: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    const { message: msg, errno } = error
    throw new CniError(Code.IoFailure, { msg, hint: remedies(directory)[errno], ...factsOf(error) })
  }
}

function remedies(directory: string): Record<string, string> {
  const full = `make room: df -h ${directory}; df -i ${directory}`
  const readOnly = `mount it writable, or set ipam.dataDir to a place that is: findmnt -T ${directory}`
  const denied = `plugins run as root; something keeps root out: namei -l ${directory}; lsattr -d ${directory}`
  return { ENOSPC: full, EDQUOT: full, EROFS: readOnly, EACCES: denied, EPERM: denied }
}
