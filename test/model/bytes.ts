/** The bytes that the model's kernel writes into a program's buffers, as texts (latin1). */

import type { Disk, Inode } from './disk.ts'
import { inodeOf, namesIn } from './disk.ts'

const SECOND = 1_000_000_000n

/** struct timespec: seconds 8, nanoseconds 8. */
export function formatTime(time: bigint): string {
  const buffer = Buffer.alloc(16)
  buffer.writeBigInt64LE(time / SECOND, 0)
  buffer.writeBigInt64LE(time % SECOND, 8)
  return buffer.toString('latin1')
}

/** The time in a struct timespec. */
export function parseTime(bytes: string, at: number): bigint {
  const buffer = Buffer.from(bytes, 'latin1')
  return buffer.readBigInt64LE(at) * SECOND + buffer.readBigInt64LE(at + 8)
}

/** The type bits of a mode (inode(7)). */
const modes = { file: 0o100000, directory: 0o040000, link: 0o120000 }

/** struct statx: only what host-local reads. */
export function formatStat({ kind, text, mtime, ctime }: Inode): string {
  const buffer = Buffer.alloc(256)
  buffer.writeUInt16LE(modes[kind], 28)
  buffer.writeBigUInt64LE(BigInt(text.length), 40)
  for (const [time, at] of [
    [ctime, 96],
    [mtime, 112],
  ] as const) {
    buffer.writeBigInt64LE(time / SECOND, at)
    buffer.writeUInt32LE(Number(time % SECOND), at + 8)
  }
  return buffer.toString('latin1')
}

const types = { file: 8, directory: 4, link: 10 }

/** struct linux_dirent64 for each name in a directory: d_ino 8, d_off 8, d_reclen 2, d_type 1, d_name. */
export function formatDirectory(disk: Disk, path: string): string {
  return namesIn(disk, path)
    .map((name) => {
      const buffer = Buffer.alloc(20 + name.length)
      const { kind } = inodeOf(disk, disk.names.get(`${path}/${name}`) as number)
      buffer.writeUInt16LE(buffer.length, 16)
      buffer.writeUInt8(types[kind], 18)
      buffer.write(name, 19, 'latin1')
      return buffer.toString('latin1')
    })
    .join('')
}
