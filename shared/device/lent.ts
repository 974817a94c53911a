/**
 * Links that are lent to an attachment, and given back as they were: the host's, which move into the container, and the
 * container's own, which only change.
 */

import { isValid } from '../cni/attachments.ts'
import { CniError, Code } from '../cni/error.ts'
import type { Attachment, Request } from '../cni/plugin.ts'
import { tolerate } from '../kernel/errno.ts'
import { currentNamespace, inNamespace, type Namespace, openNamespace } from '../kernel/namespace.ts'
import { Group, waitFor } from '../netlink/events.ts'
import { changeLink, findLink, type Link, listLinks } from '../netlink/link.ts'
import { ask, openSocket, Protocol, type Socket } from '../netlink/socket.ts'
import type { Life } from './device.ts'
import { restoreState, stateOf } from './link-state.ts'
import {
  borrowerOf,
  forgetLoan,
  inodeOf,
  type Lent,
  type Loan,
  loanOf,
  loans,
  readLoan,
  rememberLoan,
  withLoans,
} from './loan.ts'
import { runAllNow } from './steps.ts'

/** A link to be lent, and its name in the container. */
export interface Wish {
  link: Link
  inside: string
}

/** Lends links of the host: they move into the container, where they are down. @returns them as they are there */
export function lendHosts(life: Life<unknown>, wishes: Wish[]): Link[] {
  const { host, inside, container, request } = life
  return withLoans(() => {
    const gone = wishes.find(({ link }) => findLink(host, link.name)?.index !== link.index)
    if (gone) throw lentAlready(gone.link)
    const lent = wishes.map(({ link, inside }): Lent => {
      const mark = `${loanOf(request)}/${link.name}`
      return { ...stateOf(host, link), inside, mark, isHardware: link.kind === undefined }
    })
    remember(life, lent)
    return wishes.map(({ link, inside: name }, index) => {
      ask(host, changeLink(link, { alias: lent[index]?.mark, up: false }))
      ask(host, changeLink(link, { netns: container.fd, name }))
      return findLink(inside, name) as Link
    })
  })
}

/** Somebody was faster between the look at a link and the lock. */
function lentAlready({ name }: Link): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `the host has lent ${name} to container ${borrowerOf(name)?.containerID ?? 'that is gone'} meanwhile`,
    hint: 'give each container interfaces of its own',
    command: `ip link show dev ${name}`,
    kernel: 'ENODEV',
  })
}

/** Lends links that the container has: they stay where they are, and are down. @returns them */
export function lendOwn(life: Life<unknown>, links: Link[]): Link[] {
  const { inside, container } = life
  const states = inNamespace(container, () => links.map((link) => stateOf(inside, link)))
  remember(
    life,
    states.map((state) => ({ ...state, inside: state.name })),
  )
  for (const link of links) ask(inside, changeLink(link, { up: false }))
  return links
}

function remember({ request, undo, host }: Life<unknown>, links: Lent[]): void {
  undo(() => giveBack(host, request))
  rememberLoan(request, links)
}

/** What the links that an attachment was lent are called in the container, in their order. */
export function namesInside(attachment: Attachment): string[] {
  return readLoan(loanOf(attachment))?.links.map(({ inside }) => inside) ?? []
}

/** Gives back all that an attachment was lent. What is gone already counts as done. For DEL and the way back of ADD. */
export function giveBack(host: Socket, attachment: Attachment): void {
  endLoan(host, loanOf(attachment))
}

/** Gives back what attachments of a network were lent that are not valid any more. For GC. */
export function collectLoans(host: Socket, { network, validAttachments }: Request): void {
  const stale = loans().filter((loan) => loan.network === network && !isValid(validAttachments, loan))
  runAllNow(stale.map((loan) => () => endLoan(host, loanOf(loan))))
}

/** The record goes when all is given back; what could not be is tried again by the next DEL. */
function endLoan(host: Socket, id: string): void {
  const loan = readLoan(id)
  const side = loan && sideOf(loan)
  const steps = loan?.links.map((lent) => () => {
    if (lent.mark) bringHome(host, side, lent)
    else if (side) restoreInside(side, lent)
  })
  runAllNow(steps ?? [])
  forgetLoan(id)
}

/** The container's side of a loan. */
interface Side {
  container: Namespace
  inside: Socket
}

/** Nothing when the namespace is gone, or its path leads to another one. */
function sideOf({ netns, inode }: Loan): Side | undefined {
  const container = tolerate(() => openNamespace(netns), 'ENOENT', 'ENOTDIR', 'EINVAL')
  if (!container || inodeOf(netns) !== inode) return undefined
  return { container, inside: inNamespace(container, () => openSocket(Protocol.ROUTE)) }
}

/** How long hardware may take to come back by itself: the kernel ends namespaces in its own time. */
const RETURN_MILLISECONDS = 2000

/** Brings a link of the host home: from the container, or from where the kernel puts it when the namespace ends. */
function bringHome(host: Socket, side: Side | undefined, lent: Lent): void {
  const { name, mark, isHardware } = lent
  const isIt = ({ alias }: Link) => alias === mark
  const away = side && listLinks(side.inside).find(isIt)
  if (away) {
    ask(side.inside, changeLink(away, { master: 0, up: false }))
    ask(side.inside, changeLink(away, { netns: currentNamespace().fd, name }))
  }
  const look = () => [findLink(host, name)].find((link) => link && isIt(link)) ?? listLinks(host).find(isIt)
  const home = !side && isHardware ? waitFor(Group.LINK, RETURN_MILLISECONDS, look) : look()
  if (home) restoreState(host, home, lent)
}

function restoreInside({ container, inside }: Side, lent: Lent): void {
  const link = findLink(inside, lent.inside)
  if (!link) return
  ask(inside, changeLink(link, { master: 0 }))
  inNamespace(container, () => restoreState(inside, link, lent))
}
