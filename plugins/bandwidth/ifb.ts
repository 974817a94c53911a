/**
 * IFBs: what a link receives can be shaped only after it was redirected to one (drivers/net/ifb.c). On the host it has the attachment as
 * alias, and one of two names: that of the reference, unless another interface of the container has that one, or the alias would be too long.
 */

import { sha512 } from '@noble/hashes/sha2.js'
import { existsAlready, whileMadeNow } from '../../shared/attachment/made.ts'
import { type Undo, undoable } from '../../shared/attachment/undo.ts'
import { attachmentAlias, attachmentKey, hashedName, parseAlias } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { isUnknownKind, missingKind } from '../../shared/link/kind.ts'
import { newRedirect } from '../../shared/netlink/filter.ts'
import { listFilters } from '../../shared/netlink/filter-list.ts'
import {
  changeLink,
  findLink,
  type Link,
  newLink,
  removeIfThere,
  setAlias,
} from '../../shared/netlink/link.ts'
import { findQdisc, ingress, newIngress, removeQdiscIfThere } from '../../shared/netlink/qdisc.ts'
import { ask, type Socket, transact } from '../../shared/netlink/socket.ts'
import { isSameInterface } from '../../shared/state/former.ts'
import { explained } from './missing.ts'
import { unused } from './unused.ts'

export const prefix = 'bwp'

/** The reference's name: it knows one limited interface for each container of a network. */
export function referenceName({ network, containerID }: Omit<Attachment, 'ifname'>): string {
  return nameOf(network + containerID)
}

function nameOf(text: string): string {
  const digits = Buffer.from(sha512(Buffer.from(text))).toString('hex')
  return (prefix + digits).slice(0, 15)
}

/** The names that an attachment's IFB on the host may have, the usual one first. */
export function namesOf(attachment: Attachment): [usual: string, other: string] {
  return [referenceName(attachment), nameOf(attachmentKey(attachment))]
}

/** The name of the IFB in a container, for one of its interfaces. */
export function nameInside(ifname: string): string {
  return hashedName(prefix, ifname)
}

/** Makes the IFB of an attachment on the host, down. @returns the link @throws CniError when there is one, or the kernel has no IFBs */
export function makeHostIfb(host: Socket, attachment: Attachment, mtu: number, undo: Undo): Link {
  const [usual, other] = namesOf(attachment)
  const alias = attachmentAlias(attachment)
  // Without an alias only the name tells whose it is, and the usual one is that of all interfaces of the container.
  for (const name of alias === undefined ? [other] : [usual, other]) {
    const ifb = tolerate(() => makeIfb(host, { name, mtu, alias }, undo), 'EEXIST')
    if (ifb) return ifb
    if (isOf(findLink(host, name), attachment)) throw existsAlready(name)
  }
  throw existsAlready(other)
}

/** `ip link add NAME mtu MTU txqueuelen 1000 type ifb`, and its alias. */
export function makeIfb(
  socket: Socket,
  { name, mtu, alias }: { name: string; mtu: number; alias?: string },
  undo: Undo,
): Link {
  try {
    undoable(
      undo,
      () => ask(socket, newLink({ name, mtu, txqlen: 1000, kind: 'ifb' })),
      () => removeIfThere(socket, { name }),
    )
  } catch (error) {
    throw isUnknownKind(error) ? missingKind('ifb') : error
  }
  return whileMadeNow(socket, name, () => setAlias(socket, name, alias))
}

/** Sets the IFB up, and sends to it what a link receives. Equivalent to `tc qdisc add dev LINK ingress; tc filter add dev LINK parent ffff: …` */
export function redirect(socket: Socket, link: Link, ifb: Link, undo: Undo): void {
  try {
    undoable(
      undo,
      () => ask(socket, newIngress(link)),
      () => removeQdiscIfThere(socket, link, ingress),
    )
    transact(socket, [changeLink(ifb, { up: true }), newRedirect(link, ifb)])
  } catch (error) {
    throw explained(error, link, ['ingress', 'u32', 'mirred'])
  }
}

/** Whether a link sends all that it receives to an IFB. */
export function isRedirected(socket: Socket, link: Link, ifb: Link): boolean {
  const isIngress = findQdisc(socket, link, ingress.parent)?.kind === 'ingress'
  return isIngress && listFilters(socket, link, ingress.handle).some(({ target }) => target === ifb.index)
}

/** The IFB of an attachment on the host, also one of the reference, which has no alias. @param end the host's end of the veth */
export function findHostIfb(host: Socket, attachment: Attachment, end: Link | undefined): Link | undefined {
  const [usual, other] = namesOf(attachment)
  const [first, second] = [findIfb(host, usual), findIfb(host, other)]
  const mine = [first, second].find((link) => isOf(link, attachment)) ?? (second?.alias ? undefined : second)
  return mine ?? (first && ofReference(host, first, end) ? first : renamed(host, attachment, end))
}

/** The reference's name is that of all interfaces of the container: the IFB is this one's if it redirects to it, or no other does. */
function ofReference(host: Socket, ifb: Link, end: Link | undefined): boolean {
  if (ifb.alias) return false
  return (end !== undefined && isRedirected(host, end, ifb)) || unused(host, [ifb]).length > 0
}

/** The IFB of an ADD when the network had another name: that to which the host's end redirects, by its alias. */
function renamed(host: Socket, attachment: Attachment, end: Link | undefined): Link | undefined {
  if (end === undefined || findQdisc(host, end, ingress.parent)?.kind !== 'ingress') return undefined
  for (const { target } of listFilters(host, end, ingress.handle)) {
    const ifb = target ? findLink(host, target) : undefined
    if (isOf(ifb, attachment)) return ifb
  }
  return undefined
}

/** An IFB by its name. */
export function findIfb(socket: Socket, name: string): Link | undefined {
  const link = findLink(socket, name)
  return link?.kind === 'ifb' ? link : undefined
}

function isOf(link: Link | undefined, attachment: Attachment): boolean {
  const owner = parseAlias(link?.alias)
  return owner !== undefined && isSameInterface(owner, attachment)
}

/**
 * Removes an IFB, and before it the redirection of a link to it: without the IFB the kernel would drop all that the link receives. A killed ADD
 * may have left the redirection without its filter.
 */
export function removeIfb(socket: Socket, ifb: Link, link: Link | undefined): void {
  const isIngress = link && findQdisc(socket, link, ingress.parent)?.kind === 'ingress'
  if (isIngress && listFilters(socket, link, ingress.handle).every(({ target }) => target === ifb.index))
    removeQdiscIfThere(socket, link, ingress)
  removeIfThere(socket, ifb)
}
