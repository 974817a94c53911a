/**
 * What tells a device from all others: the inode of its directory in sysfs. It stays under any name, MAC address and index and in any
 * namespace, a container cannot choose it, and the kernel never gives it again: later devices have higher numbers
 * (kernfs_rename_ns and kernfs_new_node, fs/kernfs/dir.c).
 */

import { optional, string } from '../config/schema.ts'
import { tolerate } from '../kernel/errno.ts'
import { type Fd, readLink } from '../kernel/files.ts'
import type { Namespace } from '../kernel/namespace.ts'
import { stat } from '../kernel/stat.ts'
import { withSysfs } from '../kernel/sysfs.ts'
import type { Link } from '../netlink/link.ts'

/** What is remembered of a device. */
export const identity = {
  /** The inode; on kernels before 5.2 kind and index. */
  device: string,
  /** The directory of sysfs with the interfaces of its bus device; absent for virtual devices. The kernel removes it with the last of them. */
  bus: optional(string),
}

export interface Identity {
  device: string
  bus?: string
}

/** The identities of links of a namespace, in their order. Links that are gone by now have none. */
export function identitiesOf(namespace: Namespace, links: Link[]): (Identity | undefined)[] {
  const read = () => withSysfs(namespace, (root) => links.map((link) => identityIn(root, link)))
  return tolerate(read, 'ENOSYS') ?? links.map(({ kind, index }) => ({ device: `${kind} ${index}` }))
}

function identityIn(root: Fd, { name }: Pick<Link, 'name'>): Identity | undefined {
  const inode = stat(`class/net/${name}`, root)?.inode
  if (inode === undefined) return undefined
  const directory = readLink(`class/net/${name}`, root)?.replace(/^[./]*\/|\/[^/]*$/g, '') ?? ''
  return { device: String(inode), ...(!directory.startsWith('devices/virtual/') && { bus: directory }) }
}

/** The link of an identity among the links of a namespace. */
export function findDevice(namespace: Namespace, links: Link[], { device }: Identity): Link | undefined {
  const index = identitiesOf(namespace, links).findIndex((found) => found?.device === device)
  return links[index]
}

/** Whether a device on a bus has been unplugged, or has lost its driver: no namespace has it. */
export function isUnplugged(home: Namespace, { bus }: Identity): boolean {
  if (bus === undefined) return false
  return tolerate(() => withSysfs(home, (root) => stat(bus, root) === undefined), 'ENOSYS') ?? false
}

/** Whether a link of a namespace was made before the namespace: then no process in it has made it. */
export function isOlder(namespace: Namespace, link: Link): boolean {
  const read = () =>
    withSysfs(namespace, (root) => [link.name, 'lo'].map((name) => stat(`class/net/${name}`, root)?.inode))
  const [own, loopback] = tolerate(read, 'ENOSYS') ?? []
  return own !== undefined && loopback !== undefined && own < loopback
}
