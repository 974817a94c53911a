/** The record of the links that an attachment was lent. It is written before a link is changed, so that DEL finds it after a crash. */

import { attachmentHash } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { boolean, integer, list, type Output, object, optional, string } from '../config/schema.ts'
import type { Settled } from '../kernel/lock.ts'
import { stat } from '../kernel/stat.ts'
import { findRecordOf, type Recorded } from '../state/former.ts'
import { withStateLock } from '../state/lock.ts'
import { records } from '../state/records.ts'
import { identity } from './identity.ts'
import { linkState } from './link-state.ts'

/** A link's state before it was lent, and where it is now. */
const lentLink = {
  ...linkState,
  ...identity,
  /** The namespace that it was lent to, and its inode: the path may lead to another one later, and another path to this one. */
  netns: string,
  inode: string,
  /** Its name in the container. */
  nameInside: string,
  /** The alias that a link of the host gets: it shows an operator, and DEL without this record, where the link belongs. */
  mark: optional(string),
  /** When the container's namespace ends, the kernel moves hardware back to the host, and deletes virtual links. */
  isHardware: boolean,
  /** Its path in sysfs, if the configuration names it by that. */
  path: optional(string),
  altNames: optional(list(string)),
}

const holding = () =>
  object({
    network: string,
    containerID: string,
    ifname: string,
    links: list(object(lentLink)),
    /** When the first DEL found not all of them, in seconds of the monotonic clock. */
    missedAt: optional(integer({ min: 0, max: 0xffffffff })),
  })

/** An attachment, and the links that it was lent. */
export type Holding = Output<ReturnType<typeof holding>>
export type Lent = Holding['links'][number]

/** The records, by the hash of the attachment. */
export const holdings = records('lent', holding)

/** Whether an attachment has a record, or a killed ADD left a part of one. */
export function hasRecord(holder: Attachment): boolean {
  return holdings.hasTrace(attachmentHash(holder))
}

/** The holder of what an attachment was lent: its network may have had another name. */
export function recordedHolder(attachment: Recorded): Recorded {
  const { containerID, ifname, netns } = attachment
  const find = (key: string) => {
    const holding = holdings.read(key)
    return holding && { ...holding, netns: holding.links[0]?.netns }
  }
  const network = findRecordOf(attachment, find, holdings.names)?.network ?? attachment.network
  return { network, containerID, ifname, netns }
}

/** Holds the lock of all lent links: what ADD and DEL look up, record and move is one step for other processes. */
export function withLent<T>(action: () => Settled<T>): T {
  return withStateLock('lent', action)
}

/**
 * Records the links that an attachment will be lent. What an earlier ADD has recorded wins: a link that was not given back is not as
 * it was.
 * @returns the links as recorded, in their order
 */
export function remember(holder: Attachment, links: Lent[]): Lent[] {
  const { network, containerID, ifname } = holder
  const key = attachmentHash(holder)
  const earlier = holdings.read(key)?.links ?? []
  const merged = links.map((lent) => withEarlier(lent, earlier.find(isSame(lent)), holder))
  const others = earlier.filter((lent) => !links.some(isSame(lent)))
  holdings.write(key, { network, containerID, ifname, links: [...merged, ...others] })
  return merged
}

const isSame = (one: Lent) => (other: Lent) => one.device === other.device

function withEarlier(lent: Lent, earlier: Lent | undefined, holder: Attachment): Lent {
  if (!earlier) return lent
  const { netns, inode, nameInside, path } = lent
  return { ...earlier, netns, inode, nameInside, path, mark: lent.mark && markOf(holder, earlier.name) }
}

/** The inode of the namespace that a path leads to now; undefined when it leads nowhere. */
export function inodeOf(netns: string): string | undefined {
  return stat(netns)?.inode.toString()
}

/** The attachment that has a link for which `isIt` is true. Reads all records: for errors and STATUS. */
export function holderWith(isIt: (lent: Lent) => boolean): Attachment | undefined {
  return holdings.all().find(({ links }) => links.some(isIt))
}

/** The attachment that a link of the host is lent to. */
export function holderOf(name: string): Attachment | undefined {
  return holderWith((lent) => lent.mark !== undefined && isCalled(lent, name))
}

/** Whether a link has a name on the host, be it an alternative one. */
export function isCalled({ name, altNames = [] }: Pick<Lent, 'name' | 'altNames'>, wanted: string): boolean {
  return name === wanted || altNames.includes(wanted)
}

/** The prefix of the alias on each link that an attachment was lent; the link's name on the host follows. */
export function markPrefix(holder: Attachment): string {
  return `${attachmentHash(holder)}/`
}

export function markOf(holder: Attachment, name: string): string {
  return markPrefix(holder) + name
}
