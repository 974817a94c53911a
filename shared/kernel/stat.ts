/** The attributes of files: of a path, or of an open descriptor. */

import { Errno, KernelError } from './errno.ts'
import type { Fd } from './files.ts'
import { AT_EMPTY_PATH, AT_FDCWD, cstring, must, syscall } from './syscall.ts'

/** The attributes of a file (statx(2)). */
export interface Stat {
  mode: number
  owner: number
  group: number
  inode: bigint
  device: string
  /** Major and minor of a device node. */
  rdev: { major: number; minor: number }
  size: bigint
  /** Last change of content, nanoseconds since the epoch. */
  mtime: bigint
  /** Last change of content or attributes, nanoseconds since the epoch. */
  ctime: bigint
}

const S_IFMT = 0o170000

/** Kinds of files, the type bits of `mode` (inode(7)). */
export const Kind = {
  REGULAR: 0o100000,
  SYMLINK: 0o120000,
  CHARACTER: 0o020000,
  DIRECTORY: 0o040000,
} as const

/** Whether a file is of a kind. */
export function isKind({ mode }: Stat, kind: number): boolean {
  return (mode & S_IFMT) === kind
}

const AT_SYMLINK_NOFOLLOW = 0x100
const STATX_BASIC_STATS = 0x7ff

/**
 * The attributes of a path (symlinks followed), or undefined when it does not exist.
 * @param from the directory in which a relative path begins
 */
export function stat(path: string, from: Fd = AT_FDCWD): Stat | undefined {
  return statAt(path, from, 0)
}

/** The attributes of a path, or of the symlink itself where it is one; undefined when it does not exist. */
export function lstat(path: string): Stat | undefined {
  return statAt(path, AT_FDCWD, AT_SYMLINK_NOFOLLOW)
}

function statAt(path: string, from: Fd, flags: number): Stat | undefined {
  const buffer = Buffer.alloc(256)
  const result = syscall('statx', from, cstring(path), flags, STATX_BASIC_STATS, buffer)
  if (result === -Errno.ENOENT || result === -Errno.ENOTDIR) return undefined
  if (result < 0) throw new KernelError(-result, `stat ${path}`)
  return parseStat(buffer)
}

/** The attributes of an open file. */
export function statOf(fd: Fd, path: string): Stat {
  const buffer = Buffer.alloc(256)
  must(`stat ${path}`, 'statx', fd, cstring(''), AT_EMPTY_PATH, STATX_BASIC_STATS, buffer)
  return parseStat(buffer)
}

/** struct statx, include/uapi/linux/stat.h: the same on every architecture. */
function parseStat(buffer: Buffer): Stat {
  return {
    mode: buffer.readUInt16LE(28),
    owner: buffer.readUInt32LE(20),
    group: buffer.readUInt32LE(24),
    inode: buffer.readBigUInt64LE(32),
    size: buffer.readBigUInt64LE(40),
    mtime: timeAt(buffer, 112),
    ctime: timeAt(buffer, 96),
    rdev: { major: buffer.readUInt32LE(128), minor: buffer.readUInt32LE(132) },
    device: `${buffer.readUInt32LE(136)}:${buffer.readUInt32LE(140)}`,
  }
}

/** struct statx_timestamp, in nanoseconds. */
function timeAt(buffer: Buffer, at: number): bigint {
  return buffer.readBigInt64LE(at) * 1_000_000_000n + BigInt(buffer.readUInt32LE(at + 8))
}
