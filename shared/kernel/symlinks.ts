/**
 * Symlinks that another user than root may have put in a path. Root does not follow them: they could lead its files anywhere.
 * The same as the kernel's protected_symlinks (Documentation/admin-guide/sysctl/fs.rst), but in every directory.
 */

import { Errno, KernelError } from './errno.ts'
import { close, Open, readFileIfAny, readLink } from './files.ts'
import { isKind, Kind, lstat, type Stat } from './stat.ts'
import { AT_FDCWD, cstring, syscall } from './syscall.ts'

/** @throws KernelError of ELOOP that names such a symlink on the way to a path, which need not exist */
export function refuseForeignSymlinks(path: string): void {
  if (mayHaveSymlink(path)) follow(path, '/', 0)
}

const RESOLVE_NO_SYMLINKS = 4

/** Asks the kernel, in one call that is enough for almost every path (openat2(2), Linux 5.6). */
function mayHaveSymlink(path: string): boolean {
  // struct open_how: flags 8, mode 8, resolve 8.
  const how = Buffer.alloc(24)
  how.writeUInt32LE(Open.PATH, 0)
  how.writeUInt32LE(RESOLVE_NO_SYMLINKS, 16)
  const fd = syscall('openat2', AT_FDCWD, cstring(path), how, how.length)
  if (fd >= 0) close(fd)
  return fd < 0 && fd !== -Errno.ENOENT
}

/** MAXSYMLINKS, include/linux/namei.h. */
const MOST = 40

function follow(path: string, from: string, links: number): string {
  let at = path.startsWith('/') ? '/' : from
  for (const name of path.split('/')) at = step(at, name, links)
  return at
}

function step(directory: string, name: string, links: number): string {
  if (name === '' || name === '.') return directory
  if (name === '..') return directory.slice(0, directory.lastIndexOf('/')) || '/'
  const path = `${directory === '/' ? '' : directory}/${name}`
  const found = lstat(path)
  if (!found || !isKind(found, Kind.SYMLINK)) return path
  if (links === MOST) throw new KernelError(Errno.ELOOP, `follow the symlink ${path}`)
  if (isForeign(found, lstat(directory)))
    throw new KernelError(
      Errno.ELOOP,
      `follow the symlink ${path}, which another user than root may have made`,
    )
  return follow(readLink(path) ?? '', directory, links + 1)
}

const STICKY = 0o1000

/** Where others may write, only the sticky bit keeps a link of root in its place. */
function isForeign(link: Stat, directory: Stat | undefined): boolean {
  if (!directory || !isOfRoot(directory.owner)) return true
  if (!mayOthersWrite(directory)) return false
  return (directory.mode & STICKY) === 0 || !isOfRoot(link.owner)
}

function mayOthersWrite({ mode, group }: Stat): boolean {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && group !== 0)
}

/** In a user namespace the host's root is shown as the user to which all are mapped that it does not know. */
function isOfRoot(owner: number): boolean {
  return owner === 0 || (owner === OVERFLOW && isUserNamespace())
}

/** The default of /proc/sys/kernel/overflowuid. */
const OVERFLOW = 65534

/** The first user namespace maps all users to themselves (user_namespaces(7)). */
function isUserNamespace(): boolean {
  const map = readFileIfAny('/proc/self/uid_map') ?? ''
  return map.trim().split(/\s+/).join(' ') !== '0 0 4294967295'
}
