/** Network namespaces: entered for a callback, and always left after it. */

import { Errno, KernelError, tolerate } from './errno.ts'
import { close, type Fd, Open, open } from './files.ts'
import { must, syscall } from './syscall.ts'

const CLONE_NEWNET = 0x40000000
const NSFS_MAGIC = 0x6e736673
const PROC_SUPER_MAGIC = 0x9fa0
/** ioctl_ns(2): which kind of namespace a descriptor refers to. */
const NS_GET_NSTYPE = 0xb703

/** An open network namespace. */
export interface Namespace {
  path: string
  fd: Fd
}

/**
 * Opens a network namespace by its path: `/run/netns/NAME` or `/proc/PID/ns/net`.
 * @throws KernelError ENOENT when the path does not exist, EINVAL when it is not a network namespace
 */
export function openNamespace(path: string): Namespace {
  const fd = open(path, Open.NONBLOCK)
  const problem = notANamespace(fd)
  if (problem) {
    close(fd)
    throw new KernelError(Errno.EINVAL, `open network namespace ${path}: ${problem}`)
  }
  return { path, fd }
}

/**
 * Opens a network namespace; undefined when it is gone: its path does not exist, or leads to the plain file on which it was
 * mounted.
 * @throws KernelError for all else, such as ENFILE: that says nothing about the namespace
 */
export function openNamespaceIfAny(path: string): Namespace | undefined {
  return tolerate(() => openNamespace(path), 'ENOENT', 'ENOTDIR', 'EINVAL')
}

/** Why an open file is not a network namespace; undefined when it is one. */
function notANamespace(fd: Fd): string | undefined {
  if (!isOnNamespaceFileSystem(fd))
    return 'it is an ordinary file: the namespace that was mounted there is gone'
  return syscall('ioctl', fd, NS_GET_NSTYPE) === CLONE_NEWNET ? undefined : 'it is not a network namespace'
}

/** Whether an open file, be it opened with O_PATH only, is where the kernel has namespaces: on nsfs, or below /proc. */
export function isOnNamespaceFileSystem(fd: Fd): boolean {
  const magic = Buffer.alloc(256)
  must('ask for the kind of file system', 'fstatfs', fd, magic)
  return [NSFS_MAGIC, PROC_SUPER_MAGIC].includes(magic.readUInt32LE(0))
}

export function closeNamespace(namespace: Namespace): void {
  close(namespace.fd)
}

export const ownNamespace = '/proc/thread-self/ns/net'

/** The namespace that this process is in, when that was asked; the first one stays open until the process ends. */
let here: Namespace | undefined

/** The network namespace of this process. Not to be closed. @throws KernelError */
export function currentNamespace(): Namespace {
  here ??= { path: ownNamespace, fd: open(ownNamespace, Open.NONBLOCK) }
  return here
}

/** Runs a synchronous action in a namespace; sockets that it opens stay in the namespace. Equivalent to `ip netns exec` without its mounts. */
export function inNamespace<T>(namespace: Namespace, action: () => T): T {
  const home = currentNamespace()
  enter(namespace)
  try {
    return action()
  } finally {
    goBack(home)
  }
}

/** @throws KernelError, and this process is still where it was */
function enter(namespace: Namespace): void {
  must(`enter network namespace ${namespace.path}`, 'setns', namespace.fd, CLONE_NEWNET)
  here = namespace
}

/** Enters the former namespace again. Tries twice: what runs afterwards, such as the rest of a DEL, would take the container's namespace for the host's. */
export function goBack(home: Namespace): void {
  if (syscall('setns', home.fd, CLONE_NEWNET) < 0)
    must('leave the network namespace', 'setns', home.fd, CLONE_NEWNET)
  here = home
}
