/** What the kernel has in a container's namespace now. */

import { closeNamespace, openNamespace } from '../../shared/kernel/namespace.ts'
import { networkNamespaces } from '../../shared/kernel/namespaces.ts'
import type { LinkAddress } from '../../shared/netlink/address.ts'
import { listAllAddresses } from '../../shared/netlink/address.ts'
import { closeSocket, openSocketIn, Protocol, type Socket } from '../../shared/netlink/socket.ts'
import { type Place, reach } from './place.ts'

/**
 * A path to the container's namespace: where a file says it is, or where a process or a mount holds it.
 * @param search whether all processes and mounts are looked through when no path leads to it
 */
export function pathInto(places: readonly Place[], search = false): string | undefined {
  for (const place of places) {
    const path = reach(place)
    if (path) return path
  }
  const inodes = places.flatMap(({ inode }) => inode ?? [])
  if (!search || inodes.length === 0) return undefined
  const held = networkNamespaces()
  return inodes.flatMap((inode) => held.get(inode) ?? [])[0]
}

/** Asks the kernel in a namespace. @throws KernelError: EPERM without root */
export function askInside<T>(path: string, ask: (socket: Socket) => T): T {
  const namespace = openNamespace(path)
  try {
    const socket = openSocketIn(namespace, Protocol.ROUTE)
    try {
      return ask(socket)
    } finally {
      closeSocket(socket)
    }
  } finally {
    closeNamespace(namespace)
  }
}

/** All addresses in a namespace. @throws KernelError */
export function addressesInside(path: string): LinkAddress[] {
  return askInside(path, (socket) => listAllAddresses(socket))
}
