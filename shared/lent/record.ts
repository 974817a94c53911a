/** The record of the links that an attachment was lent. It is written before anything is changed, so a DEL after a crash finds it. */

import { attachmentHash } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { boolean, list, type Output, object, optional, string } from '../cni/schema.ts'
import { stat } from '../kernel/files.ts'
import type { Settled } from '../kernel/lock.ts'
import { withStateLock } from '../state/lock.ts'
import { records } from '../state/records.ts'
import { linkState } from './link-state.ts'

/** A link as it was, and where it is meanwhile. */
const lentLink = {
  ...linkState,
  /** Its name in the container. */
  nameInside: string,
  /** The alias by which it is found under any name and in any namespace; only the host's links have one. */
  mark: optional(string),
  /** Hardware comes back by itself when the container's namespace ends; what is virtual ends with it. */
  isHardware: optional(boolean),
  /** Where sysfs has it, when it was named by that. */
  device: optional(string),
}

const holding = object({
  network: string,
  containerID: string,
  ifname: string,
  netns: string,
  /** Which namespace that was: its path may lead to another one later. */
  inode: string,
  links: list(object(lentLink)),
})

/** What an attachment holds: it, and the links that it was lent. */
export type Holding = Output<typeof holding>
export type Lent = Holding['links'][number]

/** By the key of the attachment. */
export const holdings = records('lent', holding)

/** The lock of all lent links: marking a link and moving it are one step to other processes. */
export function withLent<T>(action: () => Settled<T>): T {
  return withStateLock('lent', action)
}

/** Writes down what an attachment is to be lent. */
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

/** Which namespace a path leads to now. */
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

/** What the alias of each link that an attachment was lent begins with; the link's name on the host follows. */
export function markPrefix(holder: Attachment): string {
  return `${attachmentHash(holder)}/`
}
