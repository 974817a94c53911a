/** Reads the files of the log of calls while plugins write and rename them. */

import { files, type Settings } from '../../shared/call-log/settings.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { close, type Fd, Open, open, readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { isKind, Kind, stat, statOf } from '../../shared/kernel/stat.ts'
import { must } from '../../shared/kernel/syscall.ts'

/** An open file, and the part of its last line that is there. */
export interface Source {
  path: string
  fd: Fd
  inode: bigint
  rest: Buffer
}

/** The files now, the oldest first. The caller closes them. @throws KernelError */
export function openAll({ directory }: Settings): Source[] {
  const sources = pathsIn(directory).flatMap((path) => openIfAny(path) ?? [])
  // The newest was opened first: one that was renamed meanwhile is there twice.
  const byInode = new Map(sources.map((source) => [source.inode, source]))
  for (const source of sources) if (byInode.get(source.inode) !== source) close(source.fd)
  return [...byInode.values()].reverse()
}

/** The newest first. */
function pathsIn(directory: string): string[] {
  const numbers = readDirectoryIfAny(directory).flatMap(({ name }) => {
    const [, number] = name.startsWith(files.calls)
      ? (/^\.(\d{1,3})$/.exec(name.slice(files.calls.length)) ?? [])
      : []
    return number === undefined ? [] : Number(number)
  })
  const rotated = numbers.sort((one, other) => one - other).map((number) => `.${number}`)
  return ['', ...rotated].map((suffix) => `${directory}/${files.calls}${suffix}`)
}

function openIfAny(path: string): Source | undefined {
  const flags = Open.RDONLY | Open.NOFOLLOW | Open.NONBLOCK
  const fd = tolerate(() => open(path, flags), 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO')
  if (fd === undefined) return undefined
  const found = statOf(fd, path)
  if (isKind(found, Kind.REGULAR)) return { path, fd, inode: found.inode, rest: Buffer.alloc(0) }
  close(fd)
  return undefined
}

/** No line of ours is longer, bytes: what is longer is read as several. */
const LONGEST = 1_048_576
const CHUNK = 65_536
const NEWLINE = 10

/** The complete lines from where the source was read to last, in parts. */
export function* linesOf(source: Source): Generator<string[]> {
  for (;;) {
    const chunk = Buffer.alloc(CHUNK)
    const count = must(`read ${source.path}`, 'read', source.fd, chunk, CHUNK)
    if (count === 0) return
    const bytes = Buffer.concat([source.rest, chunk.subarray(0, count)])
    const end = bytes.length > LONGEST ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1
    source.rest = Buffer.from(bytes.subarray(end))
    if (end > 0)
      yield bytes
        .toString('utf8', 0, end)
        .split('\n')
        .filter((line) => line !== '')
  }
}

/** The sources that have come after one, when the path leads to another file now. */
export function newerThan(source: Source | undefined, settings: Settings): Source[] {
  if (source && stat(`${settings.directory}/${files.calls}`)?.inode === source.inode) return []
  const all = openAll(settings)
  const at = all.findIndex(({ inode }) => inode === source?.inode)
  for (const old of all.slice(0, at + 1)) close(old.fd)
  return all.slice(at + 1)
}
