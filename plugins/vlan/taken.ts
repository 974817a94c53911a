/** The error for a VLAN that another interface has: a parent has each VLAN once, and the kernel only says EEXIST. Loaded on failure. */

import { CniError, Code, factsOf } from '../../shared/error/error.ts'
import type { KernelError } from '../../shared/kernel/errno.ts'
import { type Found, findOn, seeFound } from '../../shared/link/busy.ts'
import type { Link } from '../../shared/netlink/link.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import { hasTag, type Tag } from '../../shared/netlink/vlan.ts'

/** EEXIST as an error that names the interface which has the VLAN. */
export function takenError(side: Socket, parent: Link, tag: Tag, cause: KernelError): CniError {
  const found = findOn(side, parent, (link) => hasTag(link, tag))
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `VLAN ${tag.id} (${tag.protocol}) on ${parent.name} is taken by ${ownerOf(found)}: choose another, or share that`,
    hint: 'a parent has each VLAN once; several containers share one by type macvlan or bridge on a VLAN of the host',
    ...factsOf(cause),
    see: found ? seeFound({ namespace: side.netns, ...found }) : 'lsns -t net',
  })
}

function ownerOf(found?: Found): string {
  if (!found) return 'an interface in a namespace without a name'
  return found.namespace ? `${found.link.name} in namespace ${found.namespace}` : found.link.name
}
