/** The file system of a path: what is free, how it is mounted, and where. */

import { Open, readFile, readLink, withFile } from '../../shared/kernel/files.ts'
import { must } from '../../shared/kernel/syscall.ts'

/** A file system (statfs(2)); the sizes are those for a user without privileges. */
export interface FileSystem {
  /** The kernel's number of its type. */
  type: number
  /** Bytes. */
  size: bigint
  free: bigint
  /** Inodes; both 0 for a file system that does not count them. */
  files: bigint
  freeFiles: bigint
  /** ST_RDONLY 1, ST_NOEXEC 8 (statvfs(3)). */
  flags: number
  /** The mount point. */
  mount: string
}

/** The file system of an existing path. Equivalent to `findmnt -T PATH; stat -f PATH`. @throws KernelError */
export function fileSystemOf(path: string): FileSystem {
  return withFile(path, Open.PATH, (fd) => {
    const buffer = Buffer.alloc(256)
    must(`ask for the file system of ${path}`, 'fstatfs', fd, buffer)
    // struct statfs, include/uapi/asm-generic/statfs.h: words of 8 bytes, f_fsid in the eighth.
    const at = (word: number) => buffer.readBigUInt64LE(word * 8)
    return {
      type: buffer.readUInt32LE(0),
      size: at(2) * at(1),
      free: at(4) * at(1),
      files: at(5),
      freeFiles: at(6),
      flags: buffer.readUInt32LE(80),
      mount: mountOf(readLink(`/proc/self/fd/${fd}`) ?? path),
    }
  })
}

/** The mount point of a path without symlinks: the longest that leads to it, of equal ones the last. */
function mountOf(path: string): string {
  let found = '/'
  for (const line of readFile('/proc/self/mountinfo').split('\n')) {
    const [, , , , point = ''] = line.split(' ')
    const mount = point.replace(/\\(\d{3})/g, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 8)),
    )
    const isAbove = mount !== '' && (mount === '/' || path === mount || path.startsWith(`${mount}/`))
    if (isAbove && mount.length >= found.length) found = mount
  }
  return found
}
