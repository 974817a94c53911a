/**
 * Appends lines to files that many processes write to. One write(2) with O_APPEND is one line, whatever the others do; a file that is
 * full is renamed. No writer waits for another: while one renames, the others write to the file that they have open.
 */

import { Errno, KernelError } from '../kernel/errno.ts'
import { close, type Fd, makeDirectory, Open, open } from '../kernel/files.ts'
import { isKind, Kind, type Stat, stat, statOf } from '../kernel/stat.ts'
import { cstring, must, syscall } from '../kernel/syscall.ts'
import type { Settings } from './settings.ts'

const O_APPEND = 0o2000
const O_CLOEXEC = 0o2000000
const LOCK_EX = 2
const LOCK_NB = 4
const OTHERS_WRITE = 0o002

/** A symlink is not followed, a FIFO not waited for. */
const flags = Open.WRONLY | Open.CREAT | Open.NOFOLLOW | Open.NONBLOCK | O_APPEND | O_CLOEXEC

/**
 * Appends a line; the file and its directory are made when they are missing.
 * @param line without its end
 * @throws KernelError EPERM for a file or a directory that all users may write to, ELOOP for a symlink, EINVAL for what is no regular file
 */
export function append(name: string, line: string, { directory, maxBytes, keep }: Settings): void {
  const at = openDirectory(directory)
  try {
    write(at, name, Buffer.from(`${line}\n`), { maxBytes, keep })
  } finally {
    close(at)
  }
}

function openDirectory(path: string): Fd {
  makeDirectory(path, 0o750)
  const fd = open(path, Open.RDONLY | Open.NOFOLLOW | Open.NONBLOCK)
  return checked(fd, path, () => {})
}

/** Closes what all users may write to. */
function checked(fd: Fd, name: string, check: (stat: Stat) => void): Fd {
  try {
    const found = statOf(fd, name)
    check(found)
    if (found.mode & OTHERS_WRITE) throw new KernelError(Errno.EPERM, `write to ${name}, as all users can`)
    return fd
  } catch (error) {
    close(fd)
    throw error
  }
}

type Bounds = Pick<Settings, 'maxBytes' | 'keep'>

function write(at: Fd, name: string, line: Buffer, { maxBytes, keep }: Bounds): void {
  let file = openFile(at, name)
  try {
    const { size, inode } = statOf(file, name)
    if (size > 0n && size + BigInt(line.length) > BigInt(maxBytes)) {
      rotate(at, name, inode, keep)
      close(file)
      file = openFile(at, name)
    }
    must(`write ${name}`, 'write', file, line, line.length)
  } finally {
    close(file)
  }
}

function openFile(at: Fd, name: string): Fd {
  const fd = must(`open ${name}`, 'openat', at, cstring(name), flags, 0o640)
  return checked(fd, name, (found) => {
    if (!isKind(found, Kind.REGULAR)) throw new KernelError(Errno.EINVAL, `write ${name} as a file`)
  })
}

/** Renames a file and those before it, unless another process does. The lock is the directory's, and ends when it is closed. */
function rotate(at: Fd, name: string, full: bigint, keep: number): void {
  if (syscall('flock', at, LOCK_EX | LOCK_NB) < 0) return
  if (stat(name, at)?.inode !== full) return
  for (let number = keep - 1; number >= 0; number--) {
    const from = number === 0 ? name : `${name}.${number}`
    syscall('renameat2', at, cstring(from), at, cstring(`${name}.${number + 1}`), 0)
  }
}
