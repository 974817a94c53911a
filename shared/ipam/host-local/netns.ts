/** A container's network namespace, as an entry remembers it. */

import { stat } from '../../kernel/files.ts'

export interface Netns {
  path: string
  /** Tells it from a later one at the same path. */
  inode: string
}

/** The namespace at a path; undefined when nothing is there, or the path is none of a namespace. */
export function netnsOf(path: string): Netns | undefined {
  const inode = path === '' ? undefined : stat(path)?.inode
  return inode === undefined ? undefined : { path, inode: String(inode) }
}
