/** A file that is written before anybody can see it, and then gets its name at once or not at all. */

import { architecture } from '#engine'
import { Errno, KernelError } from './errno.ts'
import { close, createFile, type Fd, Open, writeAll } from './files.ts'
import { cstring, must, syscall } from './syscall.ts'

/** A complete file without a name. */
export interface Draft {
  /** Gives the file its name, once. @returns false when the name is taken */
  publish(path: string): boolean
  /** Forgets the file; one that was published stays. */
  close(): void
}

const AT_FDCWD = -100
const AT_SYMLINK_FOLLOW = 0x400
/** __O_TMPFILE | O_DIRECTORY, whose value is the processor's: arch/arm64/include/uapi/asm/fcntl.h. */
const O_TMPFILE = 0o20000000 | (architecture === 'arm64' ? 0o40000 : 0o200000)
const O_CLOEXEC = 0o2000000
/** What file systems without nameless files answer (open(2), O_TMPFILE). */
const unsupported: readonly number[] = [Errno.EOPNOTSUPP, Errno.EISDIR, Errno.EINVAL, Errno.ENOENT]

/**
 * Writes a file without a name and brings it to disk; a process that is killed leaves nothing behind. Where the file
 * system has no such files (NFS), all the work is done by `publish`, under a temporary name.
 * @param directory any on the file system where the file is to be
 * @throws KernelError
 */
export function draftFile(directory: string, text: string, mode = 0o600): Draft {
  const flags = Open.WRONLY | O_TMPFILE | O_CLOEXEC
  const fd = syscall('openat', AT_FDCWD, cstring(directory), flags, mode)
  if (fd >= 0) return nameless(fd, text, directory)
  if (!unsupported.includes(-fd)) throw new KernelError(-fd, `make a file in ${directory}`)
  return { publish: (path) => createFile(path, text, mode), close: () => {} }
}

function nameless(fd: Fd, text: string, directory: string): Draft {
  try {
    writeAll(fd, Buffer.from(text), `a file in ${directory}`)
    must(`fsync a file in ${directory}`, 'fsync', fd)
  } catch (error) {
    close(fd)
    throw error
  }
  return { publish: (path) => give(fd, path), close: () => close(fd) }
}

/** By the way of /proc, which open(2) shows: AT_EMPTY_PATH asks for more capabilities. */
function give(fd: Fd, path: string): boolean {
  const from = cstring(`/proc/self/fd/${fd}`)
  const result = syscall('linkat', AT_FDCWD, from, AT_FDCWD, cstring(path), AT_SYMLINK_FOLLOW)
  if (result === -Errno.EEXIST) return false
  if (result < 0) throw new KernelError(-result, `create ${path}`)
  return true
}
