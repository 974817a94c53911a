/** Reads files that others may have put there: only regular files, and of bounded size. */

import { Errno, KernelError, tolerate } from './errno.ts'
import { type Fd, Open, readAll, withFile } from './files.ts'
import { isKind, Kind, type Stat, statOf } from './stat.ts'

const MEBIBYTE = 1024 * 1024

/**
 * Reads a whole text file that a configuration names.
 * @param check refuses a file by its attributes, which are those of the open file, so that it cannot be exchanged after the check
 * @throws KernelError EINVAL for another kind of file: opening a FIFO waits for a writer, and /dev/zero has no end; EFBIG above 1 MiB
 */
export function readRegular(path: string, check: (stat: Stat) => void = () => {}): string {
  return withFile(path, Open.RDONLY | Open.NONBLOCK, (fd) => {
    const stat = statOf(fd, path)
    if (!isKind(stat, Kind.REGULAR)) throw new KernelError(Errno.EINVAL, `read ${path} as a file`)
    check(stat)
    return readAll(fd, path, MEBIBYTE).toString()
  })
}

/**
 * Opens a file that this program made, in a directory that others may write to. Without a symlink there is no device to read without
 * end, and reading a FIFO does not wait.
 * @returns undefined when there is none, or what is there is not such a file: a symlink, a FIFO, a directory, a file of any size
 */
export function withOwnIfAny<T>(path: string, use: (fd: Fd) => T): T | undefined {
  const open = () => withFile(path, Open.RDONLY | Open.NONBLOCK | Open.NOFOLLOW, use)
  return tolerate(open, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EISDIR', 'EAGAIN', 'ESPIPE', 'EFBIG')
}

/** Reads such a file. @param largest bytes */
export function readOwnIfAny(path: string, largest = MEBIBYTE): Buffer | undefined {
  return withOwnIfAny(path, (fd) => readAll(fd, path, largest, true))
}
