/** Synchronous file functions on system calls. */

import { architecture } from '#engine'
import { tellChange } from './changes.ts'
import { Errno, KernelError, tolerate } from './errno.ts'
import { stat } from './stat.ts'
import { AT_FDCWD, cstring, must, syscall } from './syscall.ts'

/** An open file descriptor. */
export type Fd = number

/** Flags of open(2), include/uapi/asm-generic/fcntl.h and arch/arm64's; O_CLOEXEC is always added. */
export const Open = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  EXCL: 0o200,
  TRUNC: 0o1000,
  NONBLOCK: 0o4000,
  /** The value depends on the architecture. */
  NOFOLLOW: architecture === 'arm64' ? 0o100000 : 0o400000,
  PATH: 0o10000000,
} as const
const O_CLOEXEC = 0o2000000

/** Opens a file; the caller closes it. @throws KernelError */
export function open(path: string, flags: number = Open.RDONLY, mode = 0o600): Fd {
  return must(`open ${path}`, 'openat', AT_FDCWD, cstring(path), flags | O_CLOEXEC, mode)
}

export function close(fd: Fd): void {
  syscall('close', fd)
}

/** Opens a file, runs a callback and closes the file. */
export function withFile<T>(path: string, flags: number, use: (fd: Fd) => T, mode?: number): T {
  const fd = open(path, flags, mode)
  try {
    return use(fd)
  } finally {
    close(fd)
  }
}

/**
 * Reads from an open descriptor to the end of the file.
 * @param largest bytes
 * @param onDisk a read that gives less than it was asked for has reached the end: not so below /proc
 * @throws KernelError of EFBIG for more
 */
export function readAll(
  fd: Fd,
  name = `fd ${fd}`,
  largest = Number.POSITIVE_INFINITY,
  onDisk = false,
): Buffer {
  const chunks: Buffer[] = []
  let total = 0
  for (let size = 4096; ; size = 65536) {
    const chunk = readChunk(fd, size, name, onDisk)
    chunks.push(chunk)
    total += chunk.length
    if (total > largest) throw new KernelError(Errno.EFBIG, `read ${name}`)
    if (chunk.length < size) return chunks.length === 1 ? chunk : Buffer.concat(chunks)
  }
}

/** The first bytes of a file; fewer when it is shorter. @throws KernelError */
export function readStart(path: string, size: number): Buffer {
  return withFile(path, Open.RDONLY, (fd) => readChunk(fd, size, path))
}

/** Reads a number of bytes; fewer only at the end of the file. */
function readChunk(fd: Fd, size: number, name: string, onDisk = false): Buffer {
  const chunk = Buffer.alloc(size)
  for (let filled = 0; filled < size; ) {
    const count = must(`read ${name}`, 'read', fd, chunk.subarray(filled), size - filled)
    filled += count
    if (count === 0 || (onDisk && filled < size)) return chunk.subarray(0, filled)
  }
  return chunk
}

/** Writes all the bytes to an open descriptor. */
export function writeAll(fd: Fd, data: Uint8Array, name = `fd ${fd}`): void {
  for (let offset = 0; offset < data.length; ) {
    offset += must(`write ${name}`, 'write', fd, data.subarray(offset), data.length - offset)
  }
}

/** Reads a whole text file. @throws KernelError */
export function readFile(path: string): string {
  return withFile(path, Open.RDONLY, (fd) => readAll(fd, path)).toString()
}

/** Larger than any value in a file below /proc/sys or /sys, bytes. */
const VALUE_BYTES = 512

/** Reads a file of the kernel that holds one value, without white space around it: one read gives it all. Undefined when there is none. */
export function readValueIfAny(path: string): string | undefined {
  const read = (fd: Fd) => {
    const value = Buffer.alloc(VALUE_BYTES)
    return value.toString('utf8', 0, must(`read ${path}`, 'read', fd, value, VALUE_BYTES)).trim()
  }
  return tolerate(() => withFile(path, Open.RDONLY, read), 'ENOENT', 'ENOTDIR')
}

/** Reads a whole text file; undefined when it does not exist. */
export function readFileIfAny(path: string): string | undefined {
  return tolerate(() => readFile(path), 'ENOENT', 'ENOTDIR')
}

/** Writes to an existing file that is not on disk, such as one below /proc/sys. */
export function writeInPlace(path: string, text: string): void {
  withFile(path, Open.WRONLY, (fd) => writeAll(fd, Buffer.from(text), path))
  if (path.startsWith(sysctls)) tellChange(() => ({ commands: [sysctlCommand(path, text)] }))
}

const sysctls = '/proc/sys/'

/** `sysctl -w NAME=VALUE`, with slashes: an interface's name may have a dot. */
function sysctlCommand(path: string, text: string): string {
  return `sysctl -w '${path.slice(sysctls.length)}=${text.trim().replaceAll("'", "'\\''")}'`
}

/** Opens a file to write it anew. Another program may have put a symlink or a FIFO there: neither is followed nor waited for. */
export const ANEW = Open.WRONLY | Open.CREAT | Open.TRUNC | Open.NOFOLLOW | Open.NONBLOCK

/** Renames a file and replaces an existing one. */
export function rename(from: string, to: string): void {
  must(`rename ${from} to ${to}`, 'renameat2', AT_FDCWD, cstring(from), AT_FDCWD, cstring(to), 0)
}

const RENAME_NOREPLACE = 1

/** Renames a file; false when the name is taken. On a file system without RENAME_NOREPLACE (NFS), links it instead. */
export function renameNew(from: string, to: string): boolean {
  const result = syscall('renameat2', AT_FDCWD, cstring(from), AT_FDCWD, cstring(to), RENAME_NOREPLACE)
  if (result === -Errno.EEXIST) return false
  if (result === -Errno.EINVAL) return link(from, to)
  if (result < 0) throw new KernelError(-result, `rename ${from} to ${to}`)
  return true
}

/** Gives a file a second name; false when that name is taken. */
export function link(from: string, to: string): boolean {
  const result = syscall('linkat', AT_FDCWD, cstring(from), AT_FDCWD, cstring(to), 0)
  if (result === -Errno.EEXIST) return false
  if (result < 0) throw new KernelError(-result, `link ${from} to ${to}`)
  return true
}

/** Removes a file; false when it does not exist. */
export function remove(path: string): boolean {
  const result = syscall('unlinkat', AT_FDCWD, cstring(path), 0)
  if (isAbsent(result, path)) return false
  if (result < 0) throw new KernelError(-result, `remove ${path}`)
  return true
}

/** Whether unlinkat(2) found nothing to remove. On a read-only file system it does not look, and says EROFS. */
function isAbsent(result: number, path: string): boolean {
  if (result === -Errno.EROFS) return readLink(path) === undefined && !stat(path)
  return result === -Errno.ENOENT || result === -Errno.ENOTDIR
}

const AT_REMOVEDIR = 0x200

/** Removes an empty directory; false when it is not empty or does not exist. Equivalent to `rmdir`. */
export function removeDirectory(path: string): boolean {
  const result = syscall('unlinkat', AT_FDCWD, cstring(path), AT_REMOVEDIR)
  if (result === -Errno.ENOTEMPTY || isAbsent(result, path)) return false
  if (result < 0) throw new KernelError(-result, `remove directory ${path}`)
  return true
}

/** Removes a directory and everything in it, if it exists. Equivalent to `rm -r`. */
export function removeTree(path: string): void {
  if (!stat(path)) return
  for (const { name, directory } of readDirectory(path)) {
    if (directory) removeTree(`${path}/${name}`)
    else remove(`${path}/${name}`)
  }
  removeDirectory(path)
}

/** Makes a directory and its parents. Equivalent to `mkdir -p`. A symlink that leads nowhere counts as there. */
export function makeDirectory(path: string, mode = 0o755): void {
  const make = () => syscall('mkdirat', AT_FDCWD, cstring(path), mode)
  const parent = path.slice(0, path.lastIndexOf('/'))
  let result = make()
  if (result === -Errno.ENOENT && parent !== '') {
    makeDirectory(parent, mode)
    result = make()
  }
  if (result < 0 && result !== -Errno.EEXIST) throw new KernelError(-result, `mkdir ${path}`)
}

/** One directory entry: its name and whether it is a directory. */
export interface Entry {
  name: string
  directory: boolean
}

const DT_DIR = 4

/** The entries of a directory, without `.` and `..`, in the kernel's order (getdents64(2)). @throws KernelError */
export function readDirectory(path: string): Entry[] {
  return withFile(path, Open.RDONLY, (fd) => {
    const entries: Entry[] = []
    for (let buffer = Buffer.alloc(4096); ; ) {
      const count = must(`list ${path}`, 'getdents64', fd, buffer, buffer.length)
      if (count === 0) return entries
      for (let at = 0; at < count; at += buffer.readUInt16LE(at + 16)) entries.push(parseEntry(buffer, at))
      // A long list.
      if (count > 2048 && buffer.length === 4096) buffer = Buffer.alloc(65536)
    }
  }).filter(({ name }) => name !== '.' && name !== '..')
}

/** The same; none when there is no such directory. */
export function readDirectoryIfAny(path: string): Entry[] {
  return tolerate(() => readDirectory(path), 'ENOENT', 'ENOTDIR') ?? []
}

/** struct linux_dirent64: d_ino 8, d_off 8, d_reclen 2, d_type 1, d_name. */
function parseEntry(buffer: Buffer, at: number): Entry {
  const start = at + 19
  const end = buffer.indexOf(0, start)
  return { name: buffer.toString('utf8', start, end), directory: buffer[at + 18] === DT_DIR }
}

/** The target of a symlink, or undefined when the path is not a symlink. @param from as in `stat` @throws KernelError when it cannot be read */
export function readLink(path: string, from: Fd = AT_FDCWD): string | undefined {
  return readLinkOrNull(path, from) ?? undefined
}

/** The same; null when there is nothing at the path. */
export function readLinkOrNull(path: string, from: Fd = AT_FDCWD): string | undefined | null {
  const buffer = Buffer.alloc(4096)
  const count = syscall('readlinkat', from, cstring(path), buffer, buffer.length)
  if (count === -Errno.ENOENT || count === -Errno.ENOTDIR) return null
  if (count === -Errno.EINVAL) return undefined
  if (count < 0) throw new KernelError(-count, `read the link ${path}`)
  return buffer.toString('utf8', 0, count)
}

/** Makes a symlink; the target may be any text. False when the name is taken. */
export function makeLink(path: string, target: string): boolean {
  const result = syscall('symlinkat', cstring(target), AT_FDCWD, cstring(path))
  if (result === -Errno.EEXIST) return false
  if (result < 0) throw new KernelError(-result, `symlink ${path}`)
  return true
}

const UTIME_OMIT = 0x3ffffffe

/** Sets the time of a path's last change of content (utimensat(2)), nanoseconds since the epoch. */
export function setMtime(path: string, nanoseconds: bigint): void {
  const times = Buffer.alloc(32)
  times.writeBigInt64LE(BigInt(UTIME_OMIT), 8)
  times.writeBigInt64LE(nanoseconds / 1_000_000_000n, 16)
  times.writeBigInt64LE(nanoseconds % 1_000_000_000n, 24)
  must(`set the time of ${path}`, 'utimensat', AT_FDCWD, cstring(path), times, 0)
}
