/** Writes files in place, not atomically: faster, for data that may be lost. */

import { type Fd, Open, withFile, writeAll } from './files.ts'
import { must } from './syscall.ts'

const IN_PLACE = Open.WRONLY | Open.CREAT | Open.NOFOLLOW | Open.NONBLOCK

/**
 * Writes a text into a file in place; makes the file when it is missing. The rest is cut off afterwards: ext4 brings a file that was
 * emptied before to disk when it is closed, and the next writer waits for that.
 */
export function overwrite(path: string, text: string, mode = 0o600): void {
  const bytes = Buffer.from(text)
  const write = (fd: Fd) => {
    writeAll(fd, bytes, path)
    must(`cut off the rest of ${path}`, 'ftruncate', fd, bytes.length)
  }
  withFile(path, IN_PLACE, write, mode)
}

/** Reads bytes at an offset of an open file; fewer at its end. */
export function readAt(fd: Fd, offset: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  return bytes.subarray(0, must(`read fd ${fd}`, 'pread64', fd, bytes, size, offset))
}

const SEEK_END = 2

/** The size of an open file. */
export function sizeOf(fd: Fd): number {
  return must(`find the end of fd ${fd}`, 'lseek', fd, 0, SEEK_END)
}

/** Writes bytes at an offset of a file; makes the file when it is missing. A gap before the offset reads as zeros. */
export function writeAt(path: string, offset: number, bytes: Uint8Array, mode = 0o600): void {
  const write = (fd: Fd) => must(`write ${path}`, 'pwrite64', fd, bytes, bytes.length, offset)
  withFile(path, IN_PLACE, write, mode)
}
