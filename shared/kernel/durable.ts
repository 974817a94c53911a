/** Files that outlive a power loss: fsync(2) brings bytes to disk, and names. It takes milliseconds, so only what needs it pays. */

import { tolerate } from './errno.ts'
import { ANEW, type Fd, Open, rename, renameNew, withFile, writeAll } from './files.ts'
import { AT_FDCWD, cstring, must, syscall } from './syscall.ts'

/** Brings the bytes of an open file to disk. @throws KernelError also for a write before that failed */
export function syncFile(fd: Fd, name: string): void {
  must(`fsync ${name}`, 'fsync', fd)
}

const ANYTHING = Open.RDONLY | Open.NOFOLLOW | Open.NONBLOCK

/**
 * Brings a file's bytes, or a directory's names, to disk. Does nothing where there is neither, or the file system has no such call.
 * A symlink or a FIFO, which another program may have put there, is neither followed nor waited for; `PATH/.` is the directory in any case.
 */
export function sync(path: string): void {
  tolerate(() => withFile(path, ANYTHING, (fd) => syncFile(fd, path)), 'ENOENT', 'EINVAL', 'ELOOP')
}

let temporaries = 0

/** Writes a temporary file beside `path` to disk, and calls `publish` with its name. */
function withTemporary(path: string, text: string, mode: number, publish: (temporary: string) => void): void {
  const temporary = `${path}.${syscall('getpid')}.${temporaries++}.tmp`
  try {
    withFile(temporary, ANEW, (fd) => writeDurably(fd, text, path), mode)
    publish(temporary)
  } finally {
    // Fails after a rename. Another failure is ignored: it only leaves a temporary file.
    syscall('unlinkat', AT_FDCWD, cstring(temporary), 0)
  }
}

function writeDurably(fd: Fd, text: string, name: string): void {
  writeAll(fd, Buffer.from(text), name)
  syncFile(fd, name)
}

/** Replaces a file atomically: temporary name, fsync, rename. After a power loss the old file is there, or the new one. @throws KernelError */
export function writeFile(path: string, text: string, mode = 0o600): void {
  withTemporary(path, text, mode, (temporary) => rename(temporary, path))
}

/**
 * Creates a file atomically, unless the name is taken.
 * @returns false when the name is taken
 */
export function createFile(path: string, text: string, mode = 0o600): boolean {
  let created = false
  withTemporary(path, text, mode, (temporary) => {
    created = renameNew(temporary, path)
  })
  return created
}
