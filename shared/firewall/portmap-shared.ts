/**
 * Host ports that a container has in several networks: podman and nerdctl hand the same mappings to the portmap of each. By nftables a
 * port leads to the interface that came last, and back to an earlier one when that leaves. By iptables each network has its rules.
 */

import type { Recorded } from '../state/former.ts'
import { kept, type PortmapRecord, recordOf } from './portmap-record.ts'
import { owner } from './table.ts'

/** Whether an attachment is another interface of the same container. */
export function isOfSameContainer(holder: Recorded, attachment: Recorded): boolean {
  const isElsewhere = holder.netns && attachment.netns && holder.netns !== attachment.netns
  return holder.containerID === attachment.containerID && holder.ifname !== attachment.ifname && !isElsewhere
}

/** For an attachment: whether the comment of an element names another interface of its container. Its record is read once. */
export function sharedWith(attachment: Recorded): (comment?: string) => boolean {
  const known = new Map<string | undefined, boolean>([
    [undefined, false],
    [owner(attachment), false],
  ])
  return (comment) => {
    const answer = known.get(comment) ?? isShared(attachment, recordOf(comment ?? ''))
    known.set(comment, answer)
    return answer
  }
}

function isShared(attachment: Recorded, holder?: Recorded): boolean {
  return holder !== undefined && isOfSameContainer(holder, attachment)
}

/** Notes from which interfaces of its container an attachment takes ports, so that its DEL leads them there again. */
export function noteShared(attachment: Recorded, holder: PortmapRecord): void {
  const own = kept.read(attachment)
  if (!own) return
  const { network, ifname } = holder
  const earlier = [...(own.shared ?? []), { network, ifname }, ...(holder.shared ?? [])]
  const others = earlier.filter((one) => one.ifname !== own.ifname)
  kept.write({ ...own, shared: [...new Map(others.map((one) => [one.ifname, one])).values()] })
}

/** The interfaces that an attachment took ports from, the last one first, as far as they are attached. */
export function sharersOf({ containerID, shared = [] }: PortmapRecord): PortmapRecord[] {
  return shared.flatMap((one) => kept.read({ ...one, containerID }) ?? [])
}
