/** Where the interface of an entry is. Its namespace is opened for each look and closed: a descriptor that is kept would keep the namespace alive. */

import { type Entry, namespaceId } from '../../shared/ipam/dhcp/journal.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { closeNamespace, type Namespace, openNamespace } from '../../shared/kernel/namespace.ts'
import { stat } from '../../shared/kernel/stat.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import { closeSocket, openSocketIn, Protocol, type Socket } from '../../shared/netlink/socket.ts'

/** An interface in its namespace, as long as it is looked at. */
export interface Here {
  namespace: Namespace
  /** A netlink socket in it. */
  inside: Socket
  link: Link
}

/** gone: namespace or interface do not exist any more. hidden: that cannot be told. */
export type Absent = { absent: 'gone' | 'hidden'; why: string }

/** Runs an action where the interface of an entry is. @throws what the action throws */
export function visit<T>(entry: Entry, action: (here: Here) => T): { value: T } | Absent {
  const namespace = namespaceOf(entry)
  if ('absent' in namespace) return namespace
  try {
    return inIt(namespace, entry, action)
  } finally {
    closeNamespace(namespace)
  }
}

function inIt<T>(namespace: Namespace, entry: Entry, action: (here: Here) => T): { value: T } | Absent {
  if (namespaceId(namespace) !== entry.namespace)
    return { absent: 'gone', why: `${namespace.path} is another namespace now` }
  const inside = openSocketIn(namespace, Protocol.ROUTE)
  try {
    const link = findLink(inside, entry.ifindex)
    if (!link || !isSame(link, entry))
      return { absent: 'gone', why: `${entry.ifname} is not in ${namespace.path} any more` }
    return { value: action({ namespace, inside, link }) }
  } finally {
    closeSocket(inside)
  }
}

/** A later plugin of the list may give the interface another MAC address, and a container another name. */
function isSame({ name, mac }: Link, entry: Entry): boolean {
  return name === entry.ifname || mac === entry.mac
}

function namespaceOf({ netns }: Entry): Namespace | Absent {
  if (netns === undefined) return { absent: 'gone', why: 'its entry names no namespace' }
  try {
    return openNamespace(netns)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const isGone = isErrno(error, 'ENOENT', 'ENOTDIR') && (isOfProcess(netns) || hasDirectory(netns))
    return { absent: isGone ? 'gone' : 'hidden', why }
  }
}

/** The directory of a process goes with it. */
const isOfProcess = (path: string) => path.startsWith('/proc/')

/** Without the directory of all namespaces, as in a container that does not mount it, nothing can be told. */
function hasDirectory(path: string): boolean {
  return stat(path.slice(0, path.lastIndexOf('/')) || '/') !== undefined
}
