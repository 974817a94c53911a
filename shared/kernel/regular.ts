/** Reads files that a configuration names: only regular files, and of bounded size. */

import { Errno, KernelError } from './errno.ts'
import { Open, readAll, withFile } from './files.ts'
import { type Stat, statOf } from './stat.ts'

const S_IFMT = 0o170000
const S_IFREG = 0o100000
const LARGEST = 1024 * 1024

/**
 * Reads a whole text file. The attributes are those of the open file, so that it cannot be exchanged after the check.
 * @param check refuses a file by its attributes
 * @throws KernelError EINVAL for another kind of file: opening a FIFO waits for a writer, and /dev/zero has no end; EFBIG above 1 MiB
 */
export function readRegular(path: string, check: (stat: Stat) => void = () => {}): string {
  return withFile(path, Open.RDONLY | Open.NONBLOCK, (fd) => {
    const stat = statOf(fd, path)
    if ((stat.mode & S_IFMT) !== S_IFREG) throw new KernelError(Errno.EINVAL, `read ${path} as a file`)
    if (stat.size > LARGEST) throw new KernelError(Errno.EFBIG, `read ${path}`)
    check(stat)
    return readAll(fd, path).toString()
  })
}
