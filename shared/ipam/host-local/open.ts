/**
 * Opens a network's reservations under their lock: the reference's files (records.ts), which either program can take over
 * from the other, and an index beside them (index.ts), rebuilt when it is out of date.
 */

import type { Log } from '../../error/log.ts'
import { makeDirectory } from '../../kernel/files.ts'
import type { Settled } from '../../kernel/lock.ts'
import { stat } from '../../kernel/stat.ts'
import { refuseForeignSymlinks } from '../../kernel/symlinks.ts'
import { explaining } from '../../state/explain.ts'
import { withFileLock } from '../../state/lock.ts'
import { currentMark, indexHome, indexRoot, savedIndex } from './index.ts'
import { pagesAgree } from './pages.ts'
import { rebuild, removeEarlierIndexes, unsavedIndex } from './rebuild.ts'
import { type Reservation, sweep } from './records.ts'
import { releaseOrPark } from './sticky.ts'
import type { Store } from './store.ts'

/** The directory of a network's reservations. */
export function directoryOf(dataDir: string, network: string): string {
  return `${dataDir}/${network}`
}

/** Makes a network's directory unless it exists. @throws KernelError also for a symlink of another user on the way */
export function makeStore(directory: string): void {
  refuseSymlinks(directory)
  makeDirectory(directory)
}

/** Runs an action under the lock of a directory. @throws CniError of code 5 when a file cannot be read or written */
export function withStore<T>(directory: string, log: Log, action: (store: Store) => Settled<T>): T {
  const root = indexRoot(directory)
  return locked(directory, () => saving(open(directory, root, log), action))
}

/**
 * Like `withStore`, with all reservations as their records say. When the index calls other addresses taken, it is damaged,
 * and made anew.
 */
export function withAll<T>(
  directory: string,
  log: Log,
  action: (store: Store, all: readonly Reservation[]) => Settled<T>,
): T {
  const root = indexRoot(directory)
  return locked(directory, () => {
    const { store, all } = openWithAll(directory, root, log)
    return saving(store, () => action(store, all))
  })
}

function locked<T>(directory: string, action: () => Settled<T>): T {
  return explained(directory, () => withFileLock(`${directory}/lock`, action))
}

function open(directory: string, root: string, log: Log): Store {
  return currentMark(directory, root) === undefined
    ? reopen(directory, root, log, sweep(directory, log)).store
    : { directory, log, index: savedIndex(directory, root) }
}

interface Opened {
  store: Store
  all: readonly Reservation[]
}

function openWithAll(directory: string, root: string, log: Log): Opened {
  // First: when this removes a record, the index does not count as current any more.
  const all = sweep(directory, log)
  const isWhole = currentMark(directory, root) !== undefined && pagesAgree(root, all)
  if (!isWhole) return reopen(directory, root, log, all)
  return { store: { directory, log, index: savedIndex(directory, root) }, all }
}

/** Looks at a network's reservations without their lock: what another process changes meanwhile may be seen or not. */
export function looking<T>(directory: string, log: Log, look: (store: Store) => T): T {
  const root = indexRoot(directory)
  const mark = currentMark(directory, root)
  const seen =
    mark === undefined ? undefined : { value: look({ directory, log, index: savedIndex(directory, root) }) }
  if (seen && currentMark(directory, root) === mark) return seen.value
  return look({ directory, log, index: unsavedIndex(directory, root) })
}

/** Whether a network has a directory. Without one, nothing is reserved. @throws CniError of code 5 */
export function hasStore(directory: string): boolean {
  return explained(directory, () => {
    refuseSymlinks(directory)
    return stat(directory) !== undefined
  })
}

/** Other users may write to a directory above: a symlink that they put there would lead the files anywhere. */
function refuseSymlinks(directory: string): void {
  for (const path of [directory, indexHome(directory)]) refuseForeignSymlinks(path)
}

/** @throws CniError of code 5 when a file cannot be read or written */
export function explained<T>(directory: string, action: () => T): T {
  return explaining(directory, action, 'set ipam.dataDir to a writable directory')
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
function reopen(directory: string, root: string, log: Log, all: readonly Reservation[]): Opened {
  const { index, dead } = rebuild(directory, root, all)
  const store = { directory, index, log }
  for (const reservation of dead) {
    log.info(`${reservation.file} was held by ${reservation.containerID}, which ended with an earlier boot`)
    releaseOrPark(store, reservation)
  }
  removeEarlierIndexes(directory, root)
  const ended = new Set(dead)
  return { store, all: all.filter((reservation) => !ended.has(reservation)) }
}
