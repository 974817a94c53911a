/**
 * Links of the host that several attachments share: made by the first, removed with the last. The kernel does not tell
 * who uses a link from another namespace, so each user leaves a claim: a file of its own below `/run`, which a reboot
 * empties as it does the kernel.
 */

import type { Trace } from '../attachment/device.ts'
import { hostSocket } from '../attachment/wiring.ts'
import { hashedName } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { isErrno, tolerate } from '../kernel/errno.ts'
import {
  makeDirectory,
  readDirectory,
  readFile,
  remove,
  removeDirectory,
  stat,
  writeFile,
} from '../kernel/files.ts'
import { changeLink, findLink, type Link, parseLink, removeIfThere, showLink } from '../netlink/link.ts'
import { type Socket, transact } from '../netlink/socket.ts'
import { stateDirectory, withLinkLock } from '../state/lock.ts'

const claims = `${stateDirectory}/claims`

/** The alias by which `ip link` tells that a link is ours. */
const sharedAlias = 'patchbay: shared'

/** What an attachment leaves for its end: whose it is, and what it added to the link (addresses of routes). */
export interface Claim extends Attachment {
  notes: string[]
}

/** Takes away from a link what a claim added. */
export type Forget = (link: Link, claim: Claim) => void

const nothing: Forget = () => {}

/** A link that attachments share. */
export interface SharedLink {
  name: string
  /** Makes it, whole and up. */
  make(): void
  /** Throws when what has the name does not fit. */
  judge(found: Link): void
}

/**
 * The link of a name, claimed for an attachment; made if there is none. One that somebody else made is used as it is,
 * and never removed. When this fails, nothing is left. What it did is taken back by `releaseLinks`.
 */
export function shareLink(
  host: Socket,
  { network, containerID, ifname }: Attachment,
  link: SharedLink,
  notes: string[] = [],
): Link {
  const { name } = link
  const claim: Claim = { network, containerID, ifname, notes }
  return withLinkLock(name, () => {
    const found = findLink(host, name)
    if (found) link.judge(found)
    if (found && !isOurs(found)) return found
    makeDirectory(`${claims}/${name}`)
    writeFile(claimFile(name, claim), JSON.stringify(claim))
    return found ?? makeLink(host, link, claimFile(name, claim))
  })
}

/** The alias comes after the birth: who was killed in between has left a claim. */
function isOurs({ name, alias }: Link): boolean {
  return alias === sharedAlias || claimFiles(name).length > 0
}

function makeLink(host: Socket, { name, make }: SharedLink, claim: string): Link {
  try {
    make()
    return parseLink(transact(host, [changeLink({ name }, { alias: sharedAlias }), showLink(name)])[1] ?? [])
  } catch (error) {
    // What was there already is somebody else's, under this name or another.
    if (!isErrno(error, 'EEXIST')) removeIfThere(host, { name })
    forgetClaim(name, claim)
    throw error
  }
}

function claimFile(link: string, { network, containerID, ifname }: Attachment): string {
  return `${claims}/${link}/${hashedName('', `${network}/${containerID}/${ifname}`)}`
}

/** The links that an attachment shares with others. */
export const sharedLinks: Trace = {
  remove: (request) => releaseLinks(hostSocket(), request),
  collect: (request) => collectLinks(hostSocket(), request),
}

/** Gives back all that an attachment claimed; with a link's last claim goes the link. For DEL and the way back of ADD. */
export function releaseLinks(host: Socket, attachment: Attachment, forget = nothing): void {
  for (const name of claimedLinks()) {
    const file = claimFile(name, attachment)
    if (stat(file)) withLinkLock(name, () => release(host, name, file, forget))
  }
}

/** Gives back what attachments of a network claimed that are not valid any more. For GC. */
export function collectLinks(
  host: Socket,
  {
    network,
    validAttachments,
  }: Pick<Attachment, 'network'> & { validAttachments: Omit<Attachment, 'network'>[] },
  forget = nothing,
): void {
  for (const name of claimedLinks()) {
    const valid = new Set(validAttachments.map((attachment) => claimFile(name, { network, ...attachment })))
    for (const file of claimFiles(name)) {
      if (valid.has(file) || readClaim(file)?.network !== network) continue
      withLinkLock(name, () => release(host, name, file, forget))
    }
  }
}

/** The caller holds the link's lock. That there is a claim says that the link is ours. */
function release(host: Socket, name: string, file: string, forget: Forget): void {
  if (!stat(file)) return
  const claim = readClaim(file)
  const link = findLink(host, name)
  const last = claimFiles(name).every((other) => other === file)
  if (last && link) removeIfThere(host, link)
  else if (claim && link) forget(link, claim)
  forgetClaim(name, file)
}

function forgetClaim(name: string, file: string): void {
  remove(file)
  removeDirectory(`${claims}/${name}`)
}

function claimedLinks(): string[] {
  return list(claims)
}

function claimFiles(link: string): string[] {
  return list(`${claims}/${link}`)
    .filter((name) => !name.endsWith('.tmp'))
    .map((name) => `${claims}/${link}/${name}`)
}

function list(directory: string): string[] {
  return tolerate(() => readDirectory(directory), 'ENOENT')?.map(({ name }) => name) ?? []
}

/** A claim, or undefined when there is none or it is damaged: nothing but its notes is lost then. */
function readClaim(file: string): Claim | undefined {
  try {
    return JSON.parse(readFile(file))
  } catch {
    return undefined
  }
}
