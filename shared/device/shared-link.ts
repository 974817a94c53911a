/**
 * Links of the host that several attachments share: made by the first, removed with the last. The kernel does not tell
 * who uses a link from another namespace, so each user leaves a claim: a file of its own below `/run`, which a reboot
 * empties as it does the kernel.
 */

import type { Attachment } from '../cni/plugin.ts'
import { tolerate } from '../kernel/errno.ts'
import {
  makeDirectory,
  readDirectory,
  readFile,
  remove,
  removeDirectory,
  writeFile,
} from '../kernel/files.ts'
import { withLock } from '../kernel/lock.ts'
import { changeLink, findLink, type Link, removeLink } from '../netlink/link.ts'
import { ask, type Request, type Socket } from '../netlink/socket.ts'
import { hashedName } from './names.ts'

const state = '/run/patchbay'
const claims = `${state}/claims`

/** The alias by which `ip link` tells that a link is ours to remove. */
const sharedAlias = 'patchbay: shared'

/** What an attachment leaves for its end: whose it is, and what it added to the link (addresses of routes). */
export interface Claim extends Attachment {
  notes: string[]
}

/** Takes away from a link what a claim added. */
export type Forget = (link: Link, claim: Claim) => void

const nothing: Forget = () => {}

/** Holds the lock of one link: making, claiming and removing it are one step to everybody else. */
export function withLinkLock<T>(name: string, action: () => T): T {
  makeDirectory(state)
  return withLock(`${state}/link-${name}.lock`, action)
}

/**
 * The link of a name, claimed for an attachment; made if there is none. One that somebody else made is used as it is,
 * and never removed.
 * @param link who has the name, how it is made, and `judge`, which throws when what is there does not fit
 */
export function shareLink(
  host: Socket,
  { network, containerID, ifname }: Attachment,
  link: { name: string; make: () => Request; judge(found: Link): void },
  notes: string[] = [],
): Link {
  const { name, make, judge } = link
  const claim: Claim = { network, containerID, ifname, notes }
  return withLinkLock(name, () => {
    const found = findLink(host, name)
    if (found) judge(found)
    if (found && found.alias !== sharedAlias) return found
    makeDirectory(`${claims}/${name}`)
    writeFile(claimFile(name, claim), JSON.stringify(claim))
    return found ?? makeLink(host, name, make())
  })
}

function makeLink(host: Socket, name: string, request: Request): Link {
  ask(host, request)
  ask(host, changeLink({ name }, { alias: sharedAlias }))
  const made = findLink(host, name)
  if (!made) throw new Error(`${name} vanished while it was being made`)
  return made
}

function claimFile(link: string, { network, containerID, ifname }: Attachment): string {
  return `${claims}/${link}/${hashedName('', `${network}/${containerID}/${ifname}`)}`
}

/** Gives back all that an attachment claimed; with a link's last claim goes the link. For DEL and the way back of ADD. */
export function releaseLinks(host: Socket, attachment: Attachment, forget = nothing): void {
  for (const name of claimedLinks())
    withLinkLock(name, () => release(host, name, claimFile(name, attachment), forget))
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

/** The caller holds the link's lock. */
function release(host: Socket, name: string, file: string, forget: Forget): void {
  const claim = readClaim(file)
  const link = findLink(host, name)
  const last = claimFiles(name).every((other) => other === file)
  const ours = link?.alias === sharedAlias
  if (last && ours) tolerate(() => ask(host, removeLink(link)), 'ENODEV')
  else if (claim && link) forget(link, claim)
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
