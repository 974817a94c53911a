/** A container's network namespace, as an entry of the index records it. */

import { stat } from '../../kernel/stat.ts'

export interface Netns {
  path: string
  /** Distinguishes it from a later namespace at the same path. */
  inode: string
}

/** The namespace at a path; undefined when the path is empty or absent. */
export function netnsOf(path: string): Netns | undefined {
  const inode = path === '' ? undefined : stat(path)?.inode
  return inode === undefined ? undefined : { path, inode: String(inode) }
}
