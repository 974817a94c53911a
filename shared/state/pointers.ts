/**
 * Pointers: a file's name leads to a text. Each is a symlink below the state directory, which the kernel makes in one
 * call, so there is no half of one. They make a record that is kept under one name findable by another.
 */

import { tolerate } from '../kernel/errno.ts'
import {
  makeDirectory,
  makeLink,
  readDirectory,
  readLink,
  remove,
  removeDirectory,
  stat,
} from '../kernel/files.ts'
import { stateDirectory } from './directory.ts'

/** The pointers of one folder. */
export interface Pointers {
  get(name: string): string | undefined
  /** Replaces the one before. @throws KernelError */
  set(name: string, text: string): void
  /** Removes one; nothing happens when there is none. */
  remove(name: string): void
  /** Removes the folder when it is empty. @returns whether there is none then */
  removeFolder(): boolean
  /** All names: their number grows with the node, so only GC and errors ask for them. */
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
    names: () => (tolerate(() => readDirectory(directory), 'ENOENT') ?? []).map(({ name }) => name),
  }
}
