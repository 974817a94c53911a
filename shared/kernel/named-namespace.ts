/** Network namespaces that have a name: mounts below /run/netns, as `ip netns` makes and finds them. */

import { Errno, KernelError } from './errno.ts'
import { makeDirectory, Open, remove, withFile } from './files.ts'
import { currentNamespace, goBack, ownNamespace } from './namespace.ts'
import { cstring, must, syscall } from './syscall.ts'

/** Where `ip netns` has them. */
export const namedNamespaces = '/run/netns'

const CLONE_NEWNET = 0x40000000
/** include/uapi/linux/mount.h. */
const Mount = { BIND: 0x1000, REC: 0x4000, SHARED: 0x100000 } as const
const MNT_DETACH = 2

/**
 * Makes a namespace with only `lo`, which is down. Equivalent to `ip netns add`.
 * @param path below /run/netns
 * @throws KernelError EEXIST when the name is taken
 */
export function addNamespace(path: string): void {
  shareDirectory()
  withFile(path, Open.RDONLY | Open.CREAT | Open.EXCL, () => {}, 0)
  try {
    mountNew(path)
  } catch (error) {
    remove(path)
    throw error
  }
}

/** A mount of the directory that other mount namespaces see, too: else one made before would keep a namespace that is deleted. */
function shareDirectory(): void {
  makeDirectory(namedNamespaces)
  const share = () => mount('', namedNamespaces, Mount.SHARED | Mount.REC)
  const result = share()
  if (result >= 0) return
  // It is no mount yet.
  if (result !== -Errno.EINVAL) throw new KernelError(-result, `share the mount ${namedNamespaces}`)
  requireMount(mount(namedNamespaces, namedNamespaces, Mount.BIND | Mount.REC), namedNamespaces)
  requireMount(share(), namedNamespaces)
}

function mountNew(path: string): void {
  const home = currentNamespace()
  must('make a network namespace', 'unshare', CLONE_NEWNET)
  let result: number
  try {
    result = mount(ownNamespace, path, Mount.BIND)
  } finally {
    goBack(home)
  }
  requireMount(result, path)
}

function mount(from: string, to: string, flags: number): number {
  return syscall('mount', cstring(from), cstring(to), cstring('none'), flags, 0)
}

function requireMount(result: number, path: string): void {
  if (result < 0) throw new KernelError(-result, `mount ${path}`)
}

/** Takes a namespace's name away: it ends when no process is in it. Equivalent to `ip netns delete`. @returns false when there is none */
export function deleteNamespace(path: string): boolean {
  const result = syscall('umount2', cstring(path), MNT_DETACH)
  // EINVAL: a plain file, whose mount is gone.
  if (result < 0 && result !== -Errno.EINVAL && result !== -Errno.ENOENT)
    throw new KernelError(-result, `unmount ${path}`)
  return remove(path)
}
