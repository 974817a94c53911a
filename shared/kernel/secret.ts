/** Reads files with secrets; a file that other users than root can access is refused. */

import { Errno, KernelError } from './errno.ts'
import { close, open, readAll } from './files.ts'
import { cstring, must } from './syscall.ts'

const AT_EMPTY_PATH = 0x1000
const STATX_BASIC_STATS = 0x7ff
const S_IFMT = 0o170000
const S_IFREG = 0o100000

/** Other users than root can access a file with a secret. The message says why. */
export class Exposed extends Error {}

/**
 * Reads a whole text file that belongs to root and has no permissions for group and others. The permissions are checked on
 * the open file, so that the file cannot be exchanged after the check.
 * @throws Exposed when other users can access it; KernelError when it cannot be read
 */
export function readSecret(path: string): string {
  const fd = open(path)
  try {
    requirePrivate(fd, path)
    return readAll(fd, path).toString()
  } finally {
    close(fd)
  }
}

/** struct statx, include/uapi/linux/stat.h: owner at 20, mode at 28. */
function requirePrivate(fd: number, path: string): void {
  const buffer = Buffer.alloc(256)
  must(`stat ${path}`, 'statx', fd, cstring(''), AT_EMPTY_PATH, STATX_BASIC_STATS, buffer)
  const owner = buffer.readUInt32LE(20)
  const mode = buffer.readUInt16LE(28)
  if ((mode & S_IFMT) !== S_IFREG) throw new KernelError(Errno.EINVAL, `read ${path} as a file`)
  if (owner !== 0) throw new Exposed(`it belongs to user ${owner}, not to root`)
  if (mode & 0o077)
    throw new Exposed(`others have access to it (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`)
}
