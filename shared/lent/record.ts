/** The record of the links that an attachment was lent. It is written before a link is changed, so that DEL finds it after a crash. */

import { attachmentHash } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { boolean, list, type Output, object, optional, string } from '../config/schema.ts'
import { stat } from '../kernel/files.ts'
import type { Settled } from '../kernel/lock.ts'
import { withStateLock } from '../state/lock.ts'
import { records } from '../state/records.ts'
import { linkState } from './link-state.ts'

/** A link's state before it was lent, and where it is now. */
const lentLink = {
  ...linkState,
  /** Its name in the container. */
  nameInside: string,
  /** The alias by which DEL finds it under any name and in any namespace; only the host's links get one. */
  mark: optional(string),
  /** When the container's namespace ends, the kernel moves hardware back to the host, and deletes virtual links. */
  isHardware: optional(boolean),
  /** Its path in sysfs, if the configuration names it by that. */
  device: optional(string),
}

const holding = () =>
  object({
    network: string,
    containerID: string,
    ifname: string,
    netns: string,
    /** The inode of that namespace: its path may lead to another one later. */
    inode: string,
    links: list(object(lentLink)),
  })

/** An attachment, and the links that it was lent. */
export type Holding = Output<ReturnType<typeof holding>>
export type Lent = Holding['links'][number]

/** The records, by the hash of the attachment. */
export const holdings = records('lent', holding)

/** Holds the lock of all lent links: marking a link and moving it are one step for other processes. */
export function withLent<T>(action: () => Settled<T>): T {
  return withStateLock('lent', action)
}

/** Records the links that an attachment will be lent. */
export function remember(holder: Attachment & { netns: string }, links: Lent[]): void {
  const { network, containerID, ifname, netns } = holder
  holdings.write(attachmentHash(holder), {
    network,
    containerID,
    ifname,
    netns,
    inode: inodeOf(netns),
    links,
  })
}

/** The inode of the namespace that a path leads to now. */
export function inodeOf(netns: string): string {
  return String(stat(netns)?.inode)
}

/** The attachment that has a link for which `isIt` is true. Reads all records: for errors and STATUS. */
export function holderWith(isIt: (lent: Lent) => boolean): Attachment | undefined {
  return holdings.all().find(({ links }) => links.some(isIt))
}

/** The attachment that a link of the host is lent to. */
export function holderOf(name: string): Attachment | undefined {
  return holderWith((lent) => lent.mark !== undefined && lent.name === name)
}

/** The prefix of the alias on each link that an attachment was lent; the link's name on the host follows. */
export function markPrefix(holder: Attachment): string {
  return `${attachmentHash(holder)}/`
}
