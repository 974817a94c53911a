/**
 * Links that are lent to an attachment, and given back as they were: the host's, which move into the container, and the
 * container's own, which only change. The record of them lies below `/run`, which a reboot empties as it does the kernel;
 * it is there before anything is changed, so a DEL after a crash finds it.
 */

import { isValid } from '../cni/attachments.ts'
import type { Attachment, Request } from '../cni/plugin.ts'
import { tolerate } from '../kernel/errno.ts'
import { makeDirectory, readDirectory, readFileIfAny, removeTree, stat, writeFile } from '../kernel/files.ts'
import { currentNamespace, inNamespace, openNamespace } from '../kernel/namespace.ts'
import { changeLink, findLink, type Link, listLinks } from '../netlink/link.ts'
import { ask, openSocket, Protocol, type Socket } from '../netlink/socket.ts'
import type { Life } from './device.ts'
import { type LinkState, restoreState, stateOf } from './link-state.ts'
import { hashedName } from './names.ts'
import { runAll } from './steps.ts'

const records = '/run/patchbay/lent'

/** A link as it was, and where it is meanwhile. */
interface Lent extends LinkState {
  /** Its name in the container. */
  inside: string
  /** By which it is known, whatever it is called and wherever the kernel puts it; only the host's have one. */
  mark?: string
}

interface Loan extends Attachment {
  netns: string
  /** Which namespace that was: its path may lead to another one later. */
  inode: string
  links: Lent[]
}

/** A link to be lent, and its name in the container. */
export interface Wish {
  link: Link
  inside: string
}

/** Lends links of the host: they move into the container, where they are down. @returns them as they are there */
export function lendHosts(life: Life<unknown>, wishes: Wish[]): Link[] {
  const { host, inside, container, request } = life
  const id = idOf(request)
  const links = wishes.map(({ link, inside }) => ({
    ...stateOf(host, link),
    inside,
    mark: `${id}/${link.name}`,
  }))
  remember(life, links)
  return wishes.map(({ link, inside: name }, index) => {
    ask(host, changeLink(link, { alias: links[index]?.mark, up: false }))
    ask(host, changeLink(link, { netns: container.fd, name }))
    return findLink(inside, name) as Link
  })
}

/** Lends links that the container has: they stay where they are, and are down. @returns them */
export function lendOwn(life: Life<unknown>, links: Link[]): Link[] {
  const { inside } = life
  remember(
    life,
    links.map((link) => ({ ...stateOf(inside, link), inside: link.name })),
  )
  for (const link of links) ask(inside, changeLink(link, { up: false }))
  return links
}

function remember({ request, undo, host }: Life<unknown>, links: Lent[]): void {
  const { network, containerID, ifname, netns } = request
  const loan: Loan = { network, containerID, ifname, netns, inode: inodeOf(netns), links }
  undo(() => giveBack(host, request))
  makeDirectory(directoryOf(idOf(request)))
  writeFile(recordOf(idOf(request)), JSON.stringify(loan))
}

function inodeOf(path: string): string {
  return String(stat(path)?.inode)
}

/** What the links that an attachment was lent are called in the container, in their order. */
export function namesInside(attachment: Attachment): string[] {
  return readLoan(idOf(attachment))?.links.map(({ inside }) => inside) ?? []
}

/** The attachment that a link of the host is lent to. */
export function borrowerOf(name: string): Attachment | undefined {
  return loans().find(({ links }) => links.some((lent) => lent.mark && lent.name === name))
}

/** Gives back all that an attachment was lent. What is gone already counts as done. For DEL and the way back of ADD. */
export function giveBack(host: Socket, attachment: Attachment): Promise<void> {
  return endLoan(host, idOf(attachment))
}

/** Gives back what attachments of a network were lent that are not valid any more. For GC. */
export function collectLoans(host: Socket, { network, validAttachments }: Request): Promise<void> {
  const stale = loans().filter((loan) => loan.network === network && !isValid(validAttachments, loan))
  return runAll(stale.map((loan) => () => endLoan(host, idOf(loan))))
}

function loans(): Loan[] {
  const ids = tolerate(() => readDirectory(records), 'ENOENT') ?? []
  return ids.flatMap(({ name }) => readLoan(name) ?? [])
}

/** The record goes when all is given back; what could not be is tried again by the next DEL. */
async function endLoan(host: Socket, id: string): Promise<void> {
  const loan = readLoan(id)
  const inside = loan && socketIn(loan)
  const steps = loan?.links.map((lent) => () => {
    if (lent.mark) bringHome(host, inside, lent)
    else if (inside) restoreInside(inside, lent)
  })
  await runAll(steps ?? [])
  removeTree(directoryOf(id))
}

/** Brings a link of the host home: from the container, or from where the kernel put it when the namespace ended. */
function bringHome(host: Socket, inside: Socket | undefined, { inside: _, mark, ...state }: Lent): void {
  const isIt = ({ alias }: Link) => alias === mark
  const away = inside && listLinks(inside).find(isIt)
  if (away) {
    ask(inside, changeLink(away, { master: 0, up: false }))
    ask(inside, changeLink(away, { netns: currentNamespace().fd, name: state.name }))
  }
  const named = findLink(host, state.name)
  const home = named && isIt(named) ? named : listLinks(host).find(isIt)
  if (home) restoreState(host, home, state)
}

function restoreInside(inside: Socket, { inside: name, ...state }: Lent): void {
  const link = findLink(inside, name)
  if (!link) return
  ask(inside, changeLink(link, { master: 0 }))
  restoreState(inside, link, state)
}

/** Nothing when the namespace is gone, or its path leads to another one. */
function socketIn({ netns, inode }: Loan): Socket | undefined {
  const container = tolerate(() => openNamespace(netns), 'ENOENT', 'ENOTDIR', 'EINVAL')
  if (!container || inodeOf(netns) !== inode) return undefined
  return inNamespace(container, () => openSocket(Protocol.ROUTE))
}

function idOf({ network, containerID, ifname }: Attachment): string {
  return hashedName('', `${network}/${containerID}/${ifname}`)
}

/** A directory, so that what a writer that was killed has left goes with it. */
function directoryOf(id: string): string {
  return `${records}/${id}`
}

function recordOf(id: string): string {
  return `${directoryOf(id)}/loan`
}

/** Nothing when there is no record, or it is damaged. */
function readLoan(id: string): Loan | undefined {
  try {
    return JSON.parse(readFileIfAny(recordOf(id)) ?? '')
  } catch {
    return undefined
  }
}
