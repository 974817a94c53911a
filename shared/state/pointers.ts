/**
 * Pointers from a name to a text, to find a record by a second name. Each is a symlink below the state directory: symlink(2)
 * makes it atomically.
 */

import {
  makeDirectory,
  makeLink,
  readDirectoryIfAny,
  readLink,
  remove,
  removeDirectory,
} from '../kernel/files.ts'
import { stat } from '../kernel/stat.ts'
import { stateDirectory } from '../kernel/state-directory.ts'

/** The pointers of one folder. */
export interface Pointers {
  get(name: string): string | undefined
  /** Replaces the text of a name. @throws KernelError */
  set(name: string, text: string): void
  /** Does nothing when the name is absent. */
  remove(name: string): void
  /** Removes the folder if it is empty. @returns whether the folder is absent now */
  removeFolder(): boolean
  /** All names. Slow on a node with many containers: only for GC and errors. */
  names(): string[]
}

/** @param folder below the state directory */
export function pointers(folder: string): Pointers {
  const directory = `${stateDirectory}/${folder}`
  const pathOf = (name: string) => `${directory}/${name}`
  return {
    get: (name) => readLink(pathOf(name)),
    set(name, text) {
      makeDirectory(directory, 0o700)
      remove(pathOf(name))
      makeLink(pathOf(name), text)
    },
    remove: (name) => void remove(pathOf(name)),
    removeFolder: () => removeDirectory(directory) || !stat(directory),
    names: () => readDirectoryIfAny(directory).map(({ name }) => name),
  }
}
