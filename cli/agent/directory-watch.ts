/** Watches the files of directories by inotify(7). What is missed is found by `renew`, which is called now and then. */

import { type FSWatcher, watch } from 'node:fs'
import { stat } from '../../shared/kernel/stat.ts'

export interface DirectoryWatch {
  /** Watches these directories from now on, and no others; one that is not there yet, or is there anew, is watched by the next call. */
  renew(paths: readonly string[]): void
  close(): void
}

interface Watched {
  watcher: FSWatcher
  inode: bigint
}

/** @param changed is called for each change of a file, with the directory: the caller gathers them */
export function watchDirectories(changed: (path: string) => void): DirectoryWatch {
  const all = new Map<string, Watched>()
  const end = (path: string) => {
    all.get(path)?.watcher.close()
    all.delete(path)
  }
  const begin = (path: string) => {
    const inode = stat(path)?.inode
    if (all.get(path)?.inode === inode) return
    end(path)
    if (inode === undefined) return
    const watcher = watcherOf(path, changed)
    watcher?.on('error', () => end(path))
    if (watcher) all.set(path, { watcher, inode })
  }
  return {
    renew(paths) {
      for (const path of [...all.keys()]) if (!paths.includes(path)) end(path)
      for (const path of paths) begin(path)
    },
    close() {
      for (const path of [...all.keys()]) end(path)
    },
  }
}

/** Undefined where no watch can be made (fs.inotify.max_user_watches, or the directory has just gone): then only `renew` finds changes. */
function watcherOf(path: string, changed: (path: string) => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, () => changed(path))
  } catch {
    return undefined
  }
}
