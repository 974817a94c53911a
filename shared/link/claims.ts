/**
 * Who uses the links that attachments share: recorded by attachment, so that DEL need not list all of them, and by link,
 * so that the last user removes it.
 */

import { attachmentHash, attachmentKey, parseAttachmentKey } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { list, type Output, object, optional, string } from '../config/schema.ts'
import { findRecordOf, type Recorded } from '../state/former.ts'
import { withStateLock } from '../state/lock.ts'
import { pointers } from '../state/pointers.ts'
import { records } from '../state/records.ts'

/** A link that an attachment uses, and the notes about what it added there, such as the addresses of its routes. */
const claim = () => object({ name: string, notes: list(string) })
const claims = () =>
  object({
    network: string,
    containerID: string,
    ifname: string,
    netns: optional(string),
    links: list(claim()),
  })

export type Claim = Output<ReturnType<typeof claim>>

/** The claims of each attachment. */
const claimed = records('links', claims)

/** The users of a link. */
const usersOf = (link: string) => pointers(`claims/${link}`)

/** The names of all links that have users. */
const sharedNames = () => pointers('claims').names()

/** Writes the record before the link is made, so that DEL finds it after a crash. The caller holds the link's lock. */
export function addClaim(attachment: Recorded, claim: Claim): void {
  change(attachment, (known) => [...known.filter(({ name }) => name !== claim.name), claim])
  usersOf(claim.name).set(attachmentHash(attachment), attachmentKey(attachment))
}

/** The inverse. The caller holds the link's lock. */
export function withdrawClaim(attachment: Recorded, link: string): void {
  removeUser(link, attachment)
  forgetClaims(attachment, [{ name: link }])
}

/** Removes claims from an attachment's record, and the draft of a killed writer. */
export function forgetClaims(attachment: Recorded, gone: Pick<Claim, 'name'>[]): void {
  if (!claimed.hasTrace(attachmentHash(attachment))) return
  const names = gone.map(({ name }) => name)
  change(attachment, (known) => known.filter(({ name }) => !names.includes(name)))
}

/** Under a lock: DEL may run beside ADD, each with another link's lock. */
function change({ network, containerID, ifname, netns }: Recorded, edit: (known: Claim[]) => Claim[]): void {
  const attachment = { network, containerID, ifname, netns }
  const key = attachmentHash(attachment)
  withStateLock('links', () => {
    const links = edit(claimsOf(attachment))
    if (links.length > 0) claimed.write(key, { ...attachment, links })
    else claimed.remove(key)
  })
}

/** An attachment's claims. If its record was damaged, they come from the users of all shared links, without notes. */
export function claimsOf(attachment: Attachment): Claim[] {
  const key = attachmentHash(attachment)
  const record = claimed.read(key)
  if (record || !claimed.wasDamaged(key)) return record?.links ?? []
  const names = sharedNames().filter((name) => usersOf(name).get(key) !== undefined)
  return names.map((name) => ({ name, notes: [] }))
}

/** The attachment as it claimed links: its network may have had another name. */
export function claimantOf(attachment: Recorded): Recorded {
  return findRecordOf(attachment, claimed.read, claimed.names) ?? attachment
}

/** All attachments with claims, also those without a record. */
export function allClaimants(): Recorded[] {
  const users = sharedNames().map(usersOf)
  return [
    ...claimed.all(),
    ...users.flatMap(({ names, get }) => names().flatMap((key) => parseAttachmentKey(get(key)) ?? [])),
  ]
}

export function hasUsers(link: string): boolean {
  return usersOf(link).names().length > 0
}

export function isUser(link: string, attachment: Attachment): boolean {
  return usersOf(link).get(attachmentHash(attachment)) !== undefined
}

/** @returns whether no user is left */
export function removeUser(link: string, attachment: Attachment): boolean {
  const users = usersOf(link)
  users.remove(attachmentHash(attachment))
  return users.removeFolder()
}
