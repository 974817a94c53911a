/** Reads files for a bundle: regular ones alone, no symlinks, and of a large one a part. */

import { Errno, KernelError } from '../../shared/kernel/errno.ts'
import { type Fd, Open, readDirectoryIfAny, readLink, withFile } from '../../shared/kernel/files.ts'
import { isKind, Kind, lstat, statOf } from '../../shared/kernel/stat.ts'
import { must } from '../../shared/kernel/syscall.ts'
import type { Content, Part } from './part.ts'

/** Of a file in a bundle, bytes. */
export const maximum = 1024 * 1024

/** Files of one directory tree. */
const mostFiles = 2000
const deepest = 8

/**
 * A file, or the first or last part of it.
 * @param which of a file that is larger: a log is read from its end
 * @throws KernelError: EINVAL for a FIFO, a device, a directory; ELOOP for a symlink, which could lead to a secret
 */
export function readBounded(path: string, which: 'first' | 'last' = 'first', links = false): Content {
  const follow = links ? 0 : Open.NOFOLLOW
  return withFile(path, Open.RDONLY | Open.NONBLOCK | follow, (fd) => {
    const found = statOf(fd, path)
    if (!isKind(found, Kind.REGULAR)) throw new KernelError(Errno.EINVAL, `read ${path} as a file`)
    const size = Number(found.size)
    if (which === 'last' && size > maximum) must(`seek in ${path}`, 'lseek', fd, size - maximum, 0)
    const bytes = readSome(fd, path, Math.min(size + 1, 65536))
    const isCut = size > maximum || bytes.length > maximum
    const text = bytes.subarray(0, maximum).toString()
    return isCut ? { text, cut: `the ${which} ${maximum} of ${size} bytes` } : { text }
  })
}

/** At most one byte more than the largest size: files of the kernel have no size. */
function readSome(fd: Fd, path: string, step: number): Buffer {
  const chunks: Buffer[] = []
  for (let total = 0; total <= maximum; ) {
    const chunk = Buffer.alloc(Math.min(Math.max(step, 4096), maximum + 1 - total))
    const count = must(`read ${path}`, 'read', fd, chunk, chunk.length)
    if (count === 0) break
    chunks.push(chunk.subarray(0, count))
    total += count
  }
  return Buffer.concat(chunks)
}

/** Files that other programs put beside lists: all of them is secret. */
const mayBeSecret = /kubeconfig|\.(key|pem|p12|pfx|crt)$/i

/** The text of a symlink, which is a record of ours; or else a file. */
export function readRecord(path: string): Content {
  const text = readLink(path)
  return text === undefined ? readBounded(path) : { text: `${text}\n` }
}

/** The files below a directory as parts. @param name of the directory in the bundle @param leftOut is told of what is too much */
export function tree(
  root: string,
  name: string,
  leftOut: (path: string, why: string) => void,
  read: (file: string) => Content = readBounded,
): Part[] {
  const parts: Part[] = []
  const walk = (path: string, inside: string, depth: number) => {
    for (const entry of readDirectoryIfAny(path).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const [file, here] = [`${path}/${entry.name}`, `${inside}/${entry.name}`]
      if (parts.length >= mostFiles)
        return leftOut(file, `and what follows: ${root} has more than ${mostFiles} files`)
      if (mayBeSecret.test(entry.name)) leftOut(file, 'files of this name have secrets')
      else if (!entry.directory) parts.push({ name: here, source: file, read: () => read(file) })
      else if (depth < deepest) walk(file, here, depth + 1)
      else leftOut(file, `more than ${deepest} directories deep`)
    }
  }
  if (lstat(root)) walk(root, name, 0)
  return parts
}
