/** A container's network namespace, as an entry of the index records it. */

import { isKind, Kind, lstat, stat } from '../../kernel/stat.ts'

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

/**
 * Whether the namespace that a record was written for still exists. After a boot another one may have its path and inode: it is younger than the
 * record. Through a link, as /proc/PID/ns/net is one, its age is not seen: the kernel makes that file anew for each look.
 * @param written when, nanoseconds since the epoch
 */
export function isStillThere({ path, inode }: Netns, written: string): boolean {
  if (netnsOf(path)?.inode !== inode) return false
  const file = lstat(path)
  return file === undefined || isKind(file, Kind.SYMLINK) || file.ctime <= BigInt(written)
}
