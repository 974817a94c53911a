/** Reads files that others may have put there: only regular files, and of bounded size. */

import { Errno, KernelError, tolerate } from './errno.ts'
import { type Fd, Open, readAll, withFile } from './files.ts'
import { isKind, Kind, type Stat, statOf } from './stat.ts'

const MEBIBYTE = 1024 * 1024

interface Conditions {
  /** Refuses a file by its attributes. They are those of the open file, so that it cannot be exchanged after the check. */
  check?(stat: Stat): void
  /** Flags of open(2). */
  flags?: number
  /** The largest size, bytes. Default: 1 MiB. */
  largest?: number
}

/**
 * Opens a regular file, runs a callback and closes it.
 * @throws KernelError EINVAL for another kind of file: opening a FIFO waits for a writer, and /dev/zero has no end; EFBIG when too large
 */
function withRegular<T>(path: string, conditions: Conditions, use: (fd: Fd) => T): T {
  const { check, flags = 0, largest = MEBIBYTE } = conditions
  return withFile(path, Open.RDONLY | Open.NONBLOCK | flags, (fd) => {
    const stat = statOf(fd, path)
    if (!isKind(stat, Kind.REGULAR)) throw new KernelError(Errno.EINVAL, `read ${path} as a file`)
    if (stat.size > largest) throw new KernelError(Errno.EFBIG, `read ${path}`)
    check?.(stat)
    return use(fd)
  })
}

/** Reads a whole text file that a configuration names. @throws KernelError as `withRegular` */
export function readRegular(path: string, check?: Conditions['check']): string {
  return withRegular(path, { check }, (fd) => readAll(fd, path)).toString()
}

/**
 * Opens a file that this program made, in a directory that others may write to.
 * @param largest bytes
 * @returns undefined when there is none, or what is there is not such a file: a symlink, a FIFO, a file of any size
 */
export function withOwnIfAny<T>(path: string, use: (fd: Fd) => T, largest?: number): T | undefined {
  const open = () => withRegular(path, { flags: Open.NOFOLLOW, largest }, use)
  return tolerate(open, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL', 'ENXIO', 'EFBIG')
}

/** Reads such a file. */
export function readOwnIfAny(path: string): Buffer | undefined {
  return withOwnIfAny(path, (fd) => readAll(fd, path))
}
