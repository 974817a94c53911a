/** A throw-away copy of the machine for one ADD: own network and mount namespaces, in which all is read-only but copies of the plugins' directories. */

import { CniError, Code, factsOf } from '../../shared/error/error.ts'
import { isErrno, tolerate } from '../../shared/kernel/errno.ts'
import { ANEW, close, type Fd, makeDirectory, Open, open } from '../../shared/kernel/files.ts'
import { currentNamespace } from '../../shared/kernel/namespace.ts'
import { stat } from '../../shared/kernel/stat.ts'
import { AT_FDCWD, cstring, must } from '../../shared/kernel/syscall.ts'
import { agentLock } from '../../shared/store/agent-lock.ts'

/** include/uapi/linux/sched.h, mount.h, fcntl.h. */
const [CLONE_NEWNS, CLONE_NEWNET] = [0x20000, 0x40000000]
const [MS_BIND, MS_REC, MS_PRIVATE] = [0x1000, 0x4000, 0x40000]
const [AT_RECURSIVE, MOUNT_ATTR_RDONLY] = [0x8000, 1n]

/** Where the plugins write, besides the directories that a configuration names. */
const usual = ['/run', '/dev', '/var/lib/cni']

/**
 * Moves this process there, for the rest of its life; nothing that it opened before leads back.
 * @param directories what plugins may write to besides
 * @throws CniError without the privileges
 */
export function enterStage(directories: readonly string[]): void {
  unshare()
  mount('none', '/', undefined, MS_REC | MS_PRIVATE)
  // Before Linux 5.12 there is no such call; the plugins write only to the directories below all the same.
  tolerate(() => setReadOnly('/', true, AT_RECURSIVE), 'ENOSYS')
  for (const writable of ['/proc', '/proc/sys'])
    tolerate(() => setReadOnly(writable, false), 'ENOSYS', 'EINVAL', 'EPERM')
  mount('sysfs', '/sys', 'sysfs')
  const lock = tolerate(() => open(agentLock, Open.PATH), 'ENOENT', 'ENOTDIR')
  const shadowed: string[] = []
  for (const directory of [...usual, ...directories].map(existing)) {
    if (shadowed.some((one) => `${directory}/`.startsWith(`${one}/`))) continue
    shadow(directory)
    shadowed.push(directory)
  }
  // In a copy the agent's lock would be free.
  if (lock !== undefined) mount(pathOf(lock), agentLock, undefined, MS_BIND)
  // The buses of the host's own programs, such as firewalld's.
  if (stat('/run/dbus')) mount('tmpfs', '/run/dbus', 'tmpfs')
}

function unshare(): void {
  try {
    must('make namespaces', 'unshare', CLONE_NEWNS | CLONE_NEWNET)
  } catch (error) {
    if (!isErrno(error, 'EPERM')) throw error
    throw new CniError(Code.IoFailure, {
      msg: 'the plan is made in namespaces of its own, which only root can make: run it as root',
      hint: 'sudo patchbay plan …; in a container it needs CAP_SYS_ADMIN',
      ...factsOf(error),
    })
  }
}

function mount(source: string, target: string, type?: string, flags = 0, data?: string): void {
  const texts = [source, target].map(cstring)
  const [kind, options] = [type, data].map((text) => (text === undefined ? 0 : cstring(text)))
  must(`mount ${type ?? source} on ${target}`, 'mount', texts[0], texts[1], kind, flags, options)
}

/** struct mount_attr: what is set, what is cleared, propagation, user namespace. */
function setReadOnly(path: string, isReadOnly: boolean, flags = 0): void {
  const attributes = Buffer.alloc(32)
  attributes.writeBigUInt64LE(MOUNT_ATTR_RDONLY, isReadOnly ? 0 : 8)
  must(`remount ${path}`, 'mount_setattr', AT_FDCWD, cstring(path), flags, attributes, attributes.length)
}

/** The directory, or the nearest above it that exists. @throws CniError for one at the root */
function existing(directory: string): string {
  const path = directory.replace(/\/+$/, '')
  if (stat(path) || path === '') return path || refuseRoot(directory)
  return existing(path.slice(0, path.lastIndexOf('/')))
}

function refuseRoot(directory: string): never {
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `no part of the directory ${directory.slice(0, 100)} exists: make it first`,
    hint: 'the plan copies the directories in which plugins keep their files',
  })
}

/** Puts a copy in a directory's place: what is there is seen, what is written is in memory. Without overlayfs it is empty. */
function shadow(directory: string): void {
  const lower = open(directory, Open.PATH)
  mount('tmpfs', directory, 'tmpfs', 0, 'mode=755')
  const layers = ['upper', 'work'].map((name) => `${directory}/${name}`)
  for (const layer of layers) makeDirectory(layer)
  const [upper, work] = layers.map((layer) => open(layer, Open.PATH))
  // By descriptors: the option's text has commas and colons of its own.
  const options = `lowerdir=${pathOf(lower)},upperdir=${pathOf(upper)},workdir=${pathOf(work)}`
  tolerate(() => mount('overlay', directory, 'overlay', 0, options), 'ENODEV', 'EINVAL')
  for (const fd of [lower, upper, work]) close(fd as Fd)
}

const pathOf = (fd: Fd | undefined) => `/proc/thread-self/fd/${fd}`

/** `ip netns add`: makes a namespace with a path, as a runtime does for a container. */
export function makeContainer(path: string): void {
  const home = currentNamespace()
  makeDirectory(path.slice(0, path.lastIndexOf('/')))
  close(open(path, ANEW))
  must('make a network namespace', 'unshare', CLONE_NEWNET)
  mount('/proc/thread-self/ns/net', path, undefined, MS_BIND)
  must('leave a network namespace', 'setns', home.fd, CLONE_NEWNET)
}
