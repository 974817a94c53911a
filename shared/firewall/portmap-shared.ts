/**
 * Host ports that a container has in several networks: podman and nerdctl hand the same mappings to the portmap of each. A port leads to
 * the interface that had it first. When that one leaves, the others add what they lack.
 */

import { hashedName } from '../cni/identity.ts'
import type { Recorded } from '../state/former.ts'
import { pointers } from '../state/pointers.ts'
import { isOver, kept, type PortmapRecord, recordOf } from './portmap-record.ts'
import { owner } from './table.ts'

/** Whether two attachments are different interfaces of one container. */
export function areOfOneContainer(one: Recorded, other: Recorded): boolean {
  const isElsewhere = one.netns && other.netns && one.netns !== other.netns
  return one.containerID === other.containerID && one.ifname !== other.ifname && !isElsewhere
}

/** For CHECK of an attachment: whether a comment names another interface of its container. The record of that one is read once. */
export function otherInterfaceOf(attachment: Recorded): (comment: string) => boolean {
  const known = new Map([[owner(attachment), false]])
  return (comment) => {
    const answer = known.get(comment) ?? isOther(attachment, recordOf(comment))
    known.set(comment, answer)
    return answer
  }
}

function isOther(attachment: Recorded, holder?: Recorded): boolean {
  return holder !== undefined && areOfOneContainer(holder, attachment)
}

/** The containers of which several interfaces have asked for a port: DEL of others does not look through all records. */
const containers = () => pointers('firewall/portmap-shared')
const nameOf = ({ containerID }: Recorded) => hashedName('', containerID)

/** Notes that an attachment has left a port to another interface of its container. */
export function noteShared(attachment: Recorded): void {
  const name = nameOf(attachment)
  if (containers().get(name) === undefined) containers().set(name, attachment.containerID)
}

/** Does nothing when nothing was noted of the container. */
export function forgetShared(attachment: Recorded): void {
  if (containers().get(nameOf(attachment)) === undefined) return
  containers().remove(nameOf(attachment))
  containers().removeFolder()
}

/** The records of the other interfaces of a container, as far as they are attached; none of a container for which nothing was noted. */
export function otherInterfaces(attachment: Recorded): PortmapRecord[] {
  if (containers().get(nameOf(attachment)) === undefined) return []
  return kept.all().filter((one) => areOfOneContainer(one, attachment) && !isOver(one))
}
