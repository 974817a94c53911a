/**
 * Counts calls by plugin, verb and code. A count is the size of a file: an append of one byte is atomic without a lock. `/run` is empty
 * after a boot, as a counter of Prometheus may be.
 */

import { close, makeDirectory, Open, open, readDirectoryIfAny } from '../kernel/files.ts'
import { isKind, Kind, statOf, stat as statPath } from '../kernel/stat.ts'
import { stateDirectory } from '../kernel/state-directory.ts'
import { syscall } from '../kernel/syscall.ts'

const directory = `${stateDirectory}/calls`

/** Calls that ended alike. */
export interface Counted {
  plugin: string
  verb: string
  /** The error's code: `0` for a success, `other` for one that another project's plugin has made up. */
  code: string
  count: number
}

/** Codes of the specification and of its reference; a delegate's error may have any number. */
const known = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 50, 51, 100, 101, 110, 999]

const O_APPEND = 0o2000

/** Counts a call. @throws KernelError */
export function count(plugin: string, verb: string, code: number): void {
  makeDirectory(directory, 0o700)
  const file = `${directory}/${plugin}.${verb}.${known.includes(code) ? code : 'other'}`
  const fd = open(file, Open.WRONLY | Open.CREAT | Open.NOFOLLOW | Open.NONBLOCK | O_APPEND)
  if (isKind(statOf(fd, file), Kind.REGULAR)) syscall('write', fd, Buffer.from('.'), 1)
  close(fd)
}

/** All counts since the boot. @throws KernelError */
export function readCounts(): Counted[] {
  return readDirectoryIfAny(directory).flatMap(({ name }) => {
    const [, plugin, verb, code] = /^([\w-]+)\.([A-Z]+)\.(\d+|other)$/.exec(name) ?? []
    const size = plugin && statPath(`${directory}/${name}`)?.size
    return plugin && verb && code && size ? [{ plugin, verb, code, count: Number(size) }] : []
  })
}
