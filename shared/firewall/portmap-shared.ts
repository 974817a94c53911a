/**
 * Host ports that a container has in several networks: podman and nerdctl hand the same mappings to the portmap of each. A port leads to
 * the interface that had it first. When that one leaves, the others add what they lack.
 */

import type { Recorded } from '../state/former.ts'
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

/** The records of the other interfaces of a container, as far as they are attached. */
export function otherInterfaces(attachment: Recorded): PortmapRecord[] {
  return kept.all().filter((one) => areOfOneContainer(one, attachment) && !isOver(one))
}
