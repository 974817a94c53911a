/** Device nodes: the files through which programs open a device of the kernel. */

import { Errno, KernelError, tolerate } from './errno.ts'
import { type Fd, Open, remove, renameNew, withFile } from './files.ts'
import { isKind, Kind, type Stat, statOf } from './stat.ts'
import { AT_EMPTY_PATH, AT_FDCWD, cstring, must } from './syscall.ts'

/** The major and minor number of a device. */
export type Numbers = Stat['rdev']

/** The node of a character device, with its permissions. */
export interface Node {
  numbers: Numbers
  owner: number
  group: number
  /** Permissions: 0o600. */
  mode: number
}

/**
 * Makes a node atomically. Equivalent to `mknod`, `chown` and `chmod`, but owner and mode are set on the open node: the owner of
 * its directory could put a symlink in its place.
 * @returns false when the name is taken
 */
export function makeNode(path: string, node: Node): boolean {
  const temporary = temporaryOf(path)
  must(`mknod ${path}`, 'mknodat', AT_FDCWD, cstring(temporary), Kind.CHARACTER, encode(node.numbers))
  try {
    withFile(temporary, Open.PATH | Open.NOFOLLOW, (fd) => own(fd, path, node))
    if (renameNew(temporary, path)) return true
  } catch (error) {
    remove(temporary)
    throw error
  }
  remove(temporary)
  return false
}

/** Gives owner, group and mode to the node of a device that is at a path already; does nothing when another one is there, or none. */
export function ownNode(path: string, node: Node): void {
  if (!sameDevice(readNode(path)?.numbers, node.numbers)) return
  withFile(path, Open.PATH | Open.NOFOLLOW, (fd) => own(fd, path, node))
}

/** chmod(2) takes no O_PATH descriptor before fchmodat2 of Linux 6.6: its entry below /proc leads to the file itself. */
function own(fd: Fd, path: string, { numbers, owner, group, mode }: Node): void {
  const found = statOf(fd, path)
  if (!isKind(found, Kind.CHARACTER) || !sameDevice(found.rdev, numbers))
    throw new KernelError(Errno.EEXIST, `make the node ${path}: another program put a file in its place`)
  must(`chown ${path}`, 'fchownat', fd, cstring(''), owner, group, AT_EMPTY_PATH)
  must(`chmod ${path}`, 'fchmodat', AT_FDCWD, cstring(`/proc/self/fd/${fd}`), mode)
}

/** Removes a node of a device, and the temporary node of an interrupted `makeNode`; other nodes and files stay. */
export function removeNode(path: string, numbers: Numbers): void {
  for (const name of [temporaryOf(path), path]) if (sameDevice(readNode(name)?.numbers, numbers)) remove(name)
}

function temporaryOf(path: string): string {
  return `${path}.tmp`
}

/** The node of a character device at a path; undefined when there is none, or a symlink. */
export function readNode(path: string): Node | undefined {
  const found = tolerate(
    () => withFile(path, Open.PATH | Open.NOFOLLOW, (fd) => statOf(fd, path)),
    'ENOENT',
    'ENOTDIR',
  )
  if (!found || !isKind(found, Kind.CHARACTER)) return undefined
  const { rdev: numbers, owner, group, mode } = found
  return { numbers, owner, group, mode: mode & 0o7777 }
}

export function sameDevice(one: Numbers | undefined, other: Numbers | undefined): boolean {
  return one?.major === other?.major && one?.minor === other?.minor
}

/** new_encode_dev, include/linux/kdev_t.h. */
function encode({ major, minor }: Numbers): number {
  return ((minor & 0xff) | (major << 8) | ((minor & 0xfff00) << 12)) >>> 0
}

const ST_NODEV = 4

/** Whether a directory's file system is mounted with `nodev`: device nodes on it cannot be opened (mount(8)). */
export function isNodev(directory: string): boolean {
  const buffer = Buffer.alloc(256)
  withFile(directory, Open.RDONLY, (fd) => must(`statfs ${directory}`, 'fstatfs', fd, buffer))
  return (buffer.readUInt32LE(80) & ST_NODEV) !== 0
}
