/**
 * Links of the host that several attachments share: the first makes the link, the last removes it. The kernel does not
 * list the users of a link in other namespaces, so records hold them: by attachment, and by link.
 */

import type { Trace } from '../attachment/device.ts'
import { hostSocket } from '../attachment/sides.ts'
import { attachmentHash, attachmentKey, parseAttachmentKey } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { list, type Output, object, string } from '../config/schema.ts'
import { runAllNow } from '../error/steps.ts'
import { isErrno } from '../kernel/errno.ts'
import { changeLink, findLink, type Link, parseLink, removeIfThere, showLink } from '../netlink/link.ts'
import { type Socket, transact } from '../netlink/socket.ts'
import { findRecordOf } from '../state/former.ts'
import { withLinkLock } from '../state/lock.ts'
import { pointers } from '../state/pointers.ts'
import { records } from '../state/records.ts'
import { isValid } from '../state/valid.ts'

/** The alias that marks a link as made here; `ip link` shows it. */
const sharedAlias = 'patchbay: shared'

/** A link that an attachment uses, and the notes about what it added there, such as the addresses of its routes. */
const claim = () => object({ name: string, notes: list(string) })
const claims = () => object({ network: string, containerID: string, ifname: string, links: list(claim()) })

export type Claim = Output<ReturnType<typeof claim>>

/** The links that each attachment uses, so that DEL need not list all shared links. */
const claimed = records('links', claims)

/** The users of a link, so that the last one removes it. */
const usersOf = (link: string) => pointers(`claims/${link}`)

/** The names of all links that have users. */
const sharedNames = () => pointers('claims').names()

/** Removes from a link what a claim added. */
export type Forget = (link: Link, claim: Claim) => void

const nothing: Forget = () => {}

/** A link that attachments share. */
export interface SharedLink {
  name: string
  /** Makes the link, configured and up. */
  make(): void
  /** Throws if the existing link of this name does not fit. */
  validate(found: Link): void
}

/**
 * Finds or makes a link, and claims it for an attachment. A link that another tool made is used as it is, without a claim,
 * and never removed. When this fails, nothing is left. `releaseLinks` is the inverse.
 * @throws CniError when an existing link does not fit
 */
export function shareLink(
  host: Socket,
  attachment: Attachment,
  link: SharedLink,
  notes: string[] = [],
): Link {
  const { name } = link
  return withLinkLock(name, () => {
    const found = findLink(host, name)
    if (found) link.validate(found)
    if (found && !isOurs(found)) return found
    try {
      claimLink(attachment, { name, notes })
      return found ?? makeLink(host, link)
    } catch (error) {
      withdrawClaim(attachment, name)
      throw error
    }
  })
}

/** Marked, or claimed: the alias is set after the link is made, and the process may be killed in between. */
function isOurs({ name, alias }: Link): boolean {
  return alias === sharedAlias || usersOf(name).names().length > 0
}

function makeLink(host: Socket, { name, make }: SharedLink): Link {
  try {
    make()
    return parseLink(transact(host, [changeLink({ name }, { alias: sharedAlias }), showLink(name)])[1] ?? [])
  } catch (error) {
    // EEXIST: another tool made it, under this name or another.
    if (!isErrno(error, 'EEXIST')) removeIfThere(host, { name })
    throw error
  }
}

/** Writes the record before the link is made, so that DEL finds it after a crash. */
function claimLink(attachment: Attachment, claim: Claim): void {
  const others = claimsOf(attachment).filter(({ name }) => name !== claim.name)
  writeClaims(attachment, [...others, claim])
  usersOf(claim.name).set(attachmentHash(attachment), attachmentKey(attachment))
}

/** The inverse of `claimLink`. */
function withdrawClaim(attachment: Attachment, link: string): void {
  removeUser(link, attachment)
  writeClaims(
    attachment,
    claimsOf(attachment).filter(({ name }) => name !== link),
  )
}

/** @returns whether no user is left */
function removeUser(link: string, attachment: Attachment): boolean {
  const users = usersOf(link)
  users.remove(attachmentHash(attachment))
  return users.removeFolder()
}

/** An attachment's claims. If its record was damaged, they come from the users of all shared links, without notes. */
function claimsOf(attachment: Attachment): Claim[] {
  const key = attachmentHash(attachment)
  const record = claimed.read(key)
  if (record || !claimed.wasDamaged(key)) return record?.links ?? []
  const names = sharedNames().filter((name) => usersOf(name).get(key) !== undefined)
  return names.map((name) => ({ name, notes: [] }))
}

function writeClaims({ network, containerID, ifname }: Attachment, links: Claim[]): void {
  const key = attachmentHash({ network, containerID, ifname })
  if (links.length > 0) claimed.write(key, { network, containerID, ifname, links })
  else claimed.remove(key)
}

/** The names of the links that an attachment claimed. */
export function linksOf(attachment: Attachment): string[] {
  return claimsOf(claimantOf(attachment)).map(({ name }) => name)
}

/** The attachment as it claimed links: its network may have had another name. */
function claimantOf(attachment: Attachment): Attachment {
  return findRecordOf(attachment, claimed.read, claimed.names) ?? attachment
}

/** The links that an attachment shares with others. */
export const sharedLinks: Trace = {
  remove: (request) => releaseLinks(hostSocket(), request),
  collect: (request) => collectLinks(hostSocket(), request),
}

/** Releases all links that an attachment claimed; removes those without another user. For DEL and for undo in ADD. */
export function releaseLinks(host: Socket, given: Attachment, forget = nothing): void {
  const attachment = claimantOf(given)
  const releases = claimsOf(attachment).map(
    (claim) => () => withLinkLock(claim.name, () => release(host, attachment, claim, forget)),
  )
  runAllNow(releases.reverse())
  claimed.remove(attachmentHash(attachment))
}

/** The same for attachments of a network that are not valid any more. For GC. */
export function collectLinks(
  host: Socket,
  {
    network,
    validAttachments,
  }: Pick<Attachment, 'network'> & { validAttachments: Omit<Attachment, 'network'>[] },
  forget = nothing,
): void {
  const isStale = (user: Attachment) => user.network === network && !isValid(validAttachments, user)
  const stale = [...claimed.all(), ...allUsers()].filter(isStale)
  runAllNow(stale.map((user) => () => releaseLinks(host, user, forget)))
}

/** All users of shared links, also those without a record. */
function allUsers(): Attachment[] {
  const users = sharedNames().map(usersOf)
  return users.flatMap(({ names, get }) => names().flatMap((key) => parseAttachmentKey(get(key)) ?? []))
}

/** The caller holds the link's lock. A link with a claim was made here, even if its alias is gone. */
function release(host: Socket, attachment: Attachment, claim: Claim, forget: Forget): void {
  const { name } = claim
  const wasUser = usersOf(name).get(attachmentHash(attachment)) !== undefined
  const link = findLink(host, name)
  const isLast = removeUser(name, attachment)
  if (!link) return
  if (!isLast) forget(link, claim)
  else if (wasUser || link.alias === sharedAlias) removeIfThere(host, link)
}
