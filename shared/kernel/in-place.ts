/** Files that are changed as they stand: for what may be lost, and is to cost little. */

import { type Fd, Open, withFile, writeAll } from './files.ts'
import { must } from './syscall.ts'

/** Writes a text into a file as it stands, made when missing. */
export function overwrite(path: string, text: string, mode = 0o600): void {
  withFile(path, Open.WRONLY | Open.CREAT | Open.TRUNC, (fd) => writeAll(fd, Buffer.from(text), path), mode)
}

/** Reads bytes at a place in an open file; fewer where it ends. */
export function readAt(fd: Fd, offset: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  return bytes.subarray(0, must(`read fd ${fd}`, 'pread64', fd, bytes, size, offset))
}

const SEEK_END = 2

/** The size of an open file. */
export function sizeOf(fd: Fd): number {
  return must(`find the end of fd ${fd}`, 'lseek', fd, 0, SEEK_END)
}

/** Writes bytes at a place in a file, which is made when missing; what lies before its end reads as zeros. */
export function writeAt(path: string, offset: number, bytes: Uint8Array, mode = 0o600): void {
  const write = (fd: Fd) => must(`write ${path}`, 'pwrite64', fd, bytes, bytes.length, offset)
  withFile(path, Open.WRONLY | Open.CREAT, write, mode)
}
