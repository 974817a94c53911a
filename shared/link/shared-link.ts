/**
 * Links of the host that several attachments share: the first makes the link, the last removes it. The kernel does not
 * list the users of a link in other namespaces, so records hold them as claims.
 */

import type { Trace } from '../attachment/device.ts'
import { hostSocket } from '../attachment/sides.ts'
import type { Attachment } from '../cni/plugin.ts'
import { runAllNow } from '../error/steps.ts'
import { isErrno } from '../kernel/errno.ts'
import { changeLink, findLink, type Link, parseLink, removeIfThere, showLink } from '../netlink/link.ts'
import { type Socket, transact } from '../netlink/socket.ts'
import type { Recorded } from '../state/former.ts'
import { withLinkLock } from '../state/lock.ts'
import { amongValid } from '../state/valid.ts'
import {
  addClaim,
  allClaimants,
  type Claim,
  claimantOf,
  claimsOf,
  forgetClaims,
  hasUsers,
  isUser,
  removeUser,
  withdrawClaim,
} from './claims.ts'

/** The alias that marks a link as made here; `ip link` shows it. */
const sharedAlias = 'patchbay: shared'

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
export function shareLink(host: Socket, attachment: Recorded, link: SharedLink, notes: string[] = []): Link {
  const { name } = link
  return withLinkLock(name, () => {
    const found = findLink(host, name)
    if (found) link.validate(found)
    if (found && !isOurs(found)) return found
    try {
      addClaim(attachment, { name, notes })
      return found ?? makeLink(host, link)
    } catch (error) {
      withdrawClaim(attachment, name)
      throw error
    }
  })
}

/** Marked, or claimed: the alias is set after the link is made, and the process may be killed in between. */
function isOurs({ name, alias }: Link): boolean {
  return alias === sharedAlias || hasUsers(name)
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

/** The names of the links that an attachment claimed. */
export function linksOf(attachment: Recorded): string[] {
  return claimsOf(claimantOf(attachment)).map(({ name }) => name)
}

/** The links that an attachment shares with others. */
export const sharedLinks: Trace = {
  remove: (request) => releaseLinks(hostSocket(), request),
  collect: (request) => collectLinks(hostSocket(), request),
}

/** Releases all links that an attachment claimed; removes those without another user. For DEL and for undo in ADD. */
export function releaseLinks(host: Socket, given: Recorded, forget = nothing): void {
  const attachment = claimantOf(given)
  const claims = claimsOf(attachment)
  const releases = claims.map(
    (claim) => () => withLinkLock(claim.name, () => release(host, attachment, claim, forget)),
  )
  runAllNow(releases.reverse())
  forgetClaims(attachment, claims)
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
  const isValid = amongValid(validAttachments)
  const isStale = (user: Attachment) => user.network === network && !isValid(user)
  const stale = allClaimants().filter(isStale)
  runAllNow(stale.map((user) => () => releaseLinks(host, user, forget)))
}

/** The caller holds the link's lock. A link with a claim was made here, even if its alias is gone. */
function release(host: Socket, attachment: Attachment, claim: Claim, forget: Forget): void {
  const { name } = claim
  const wasUser = isUser(name, attachment)
  const link = findLink(host, name)
  const isLast = removeUser(name, attachment)
  if (!link) return
  if (!isLast) forget(link, claim)
  else if (wasUser || link.alias === sharedAlias) removeIfThere(host, link)
}
