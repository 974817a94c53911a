/** Writes a file without a name, and then gives it its name atomically: other processes never see a part of it. */

import { architecture } from '#engine'
import { createFile, syncFile } from './durable.ts'
import { Errno, KernelError } from './errno.ts'
import { close, type Fd, Open, writeAll } from './files.ts'
import { AT_FDCWD, cstring, syscall } from './syscall.ts'

/** A complete file without a name. */
export interface Draft {
  /** Gives the file its name; called at most once. @returns false when the name is taken */
  publish(path: string): boolean
  /** Closes the file. Without a name it is deleted; a published file stays. */
  close(): void
}

const AT_SYMLINK_FOLLOW = 0x400
/** __O_TMPFILE | O_DIRECTORY; the value depends on the architecture: arch/arm64/include/uapi/asm/fcntl.h. */
const O_TMPFILE = 0o20000000 | (architecture === 'arm64' ? 0o40000 : 0o200000)
const O_CLOEXEC = 0o2000000
/** Errors of file systems without O_TMPFILE (open(2)). */
const unsupported: readonly number[] = [Errno.EOPNOTSUPP, Errno.EISDIR, Errno.EINVAL, Errno.ENOENT]

/**
 * Writes a file without a name; a process that is killed leaves no file. On a file system without O_TMPFILE (NFS),
 * `publish` writes the file, with a temporary name, and always to disk: there a full disk may show only then.
 * @param directory a directory on the file system of the final path
 * @param isDurable brings the bytes to disk: else a power loss may leave the file empty
 * @throws KernelError
 */
export function draftFile(directory: string, text: string, isDurable = false): Draft {
  const flags = Open.WRONLY | O_TMPFILE | O_CLOEXEC
  const fd = syscall('openat', AT_FDCWD, cstring(directory), flags, 0o600)
  if (fd >= 0) return nameless(fd, text, directory, isDurable)
  if (!unsupported.includes(-fd)) throw new KernelError(-fd, `make a file in ${directory}`)
  return { publish: (path) => createFile(path, text), close: () => {} }
}

function nameless(fd: Fd, text: string, directory: string, isDurable: boolean): Draft {
  const name = `a file in ${directory}`
  try {
    writeAll(fd, Buffer.from(text), name)
    if (isDurable) syncFile(fd, name)
  } catch (error) {
    close(fd)
    throw error
  }
  return { publish: (path) => give(fd, path), close: () => close(fd) }
}

/** Links the file through /proc, as open(2) shows: AT_EMPTY_PATH needs a further capability. */
function give(fd: Fd, path: string): boolean {
  const from = cstring(`/proc/self/fd/${fd}`)
  const result = syscall('linkat', AT_FDCWD, from, AT_FDCWD, cstring(path), AT_SYMLINK_FOLLOW)
  if (result === -Errno.EEXIST) return false
  if (result < 0) throw new KernelError(-result, `create ${path}`)
  return true
}
