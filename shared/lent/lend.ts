/**
 * Links that are lent to an attachment, and given back as they were: the host's, which move into the container, and the
 * container's own, which only change.
 */

import type { Trace } from '../attachment/device.ts'
import type { Undo } from '../attachment/undo.ts'
import { hostSocket, type Wiring } from '../attachment/wiring.ts'
import { isValid } from '../cni/attachments.ts'
import { CniError, Code, factsOf } from '../cni/error.ts'
import type { Attachment, Request } from '../cni/plugin.ts'
import { runAllNow } from '../cni/steps.ts'
import { isErrno, tolerate } from '../kernel/errno.ts'
import { currentNamespace, inNamespace, type Namespace, openNamespace } from '../kernel/namespace.ts'
import { seeLink } from '../netlink/command.ts'
import { Group, waitFor } from '../netlink/events.ts'
import { changeLink, findLink, type Link, type LinkSettings, listLinks } from '../netlink/link.ts'
import { ask, openSocketIn, Protocol, type Socket } from '../netlink/socket.ts'
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
} from './record.ts'

/** Where links are lent, and to which attachment. */
export interface Lending extends Wiring {
  undo: Undo
  holder: Attachment & { netns: string }
}

/** A link to be lent, and its name in the container. */
export interface Wish extends Pick<Lent, 'inside' | 'device'> {
  link: Link
}

/** Lends links of the host: they move into the container, where they are down. @returns them as they are there */
export function lendHosts(lending: Lending, wishes: Wish[]): Link[] {
  const { host, inside, container, holder } = lending
  return withLoans(() => {
    const gone = wishes.find(({ link }) => findLink(host, link.name)?.index !== link.index)
    if (gone) throw lentAlready(gone.link)
    const lent = wishes.map(({ link, inside, device }): Lent => {
      const mark = `${loanOf(holder)}/${link.name}`
      return { ...stateOf(host, link), inside, device, mark, isHardware: link.kind === undefined }
    })
    remember(lending, lent)
    return wishes.map(({ link, inside: name }, index) => {
      ask(host, changeLink(link, { alias: lent[index]?.mark, up: false }))
      move(host, link, { netns: container, name })
      return findLink(inside, name) as Link
    })
  })
}

/** @throws CniError for what the kernel never moves: the loopback interface, bridges … */
function move(host: Socket, link: Link, to: LinkSettings): void {
  try {
    ask(host, changeLink(link, to))
  } catch (error) {
    if (!isErrno(error, 'EINVAL')) throw error
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `${link.name} cannot leave the host's network namespace: ${error.message}`,
      hint: 'name a NIC: the kernel moves no loopback interface, and nothing that others sit on or belong to',
      ...factsOf(error),
    })
  }
}

/** Somebody was faster between the look at a link and the lock. */
function lentAlready({ name }: Link): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `the host has lent ${name} to container ${borrowerOf(name)?.containerID ?? 'that is gone'} meanwhile`,
    hint: 'give each container interfaces of its own',
    see: seeLink(name),
    errno: 'ENODEV',
  })
}

/** Lends links that the container has: they stay where they are, and are down. @returns them */
export function lendOwn(lending: Lending, links: Link[]): Link[] {
  const { inside, container } = lending
  const states = inNamespace(container, () => links.map((link) => stateOf(inside, link)))
  remember(
    lending,
    states.map((state) => ({ ...state, inside: state.name })),
  )
  for (const link of links) ask(inside, changeLink(link, { up: false }))
  return links
}

function remember({ holder, undo, host }: Lending, links: Lent[]): void {
  const home = currentNamespace()
  undo(() => giveBack(host, holder, home))
  rememberLoan(holder, links)
}

/** What the links that an attachment was lent are called in the container, in their order. */
export function namesInside(attachment: Attachment): string[] {
  return readLoan(loanOf(attachment))?.links.map(({ inside }) => inside) ?? []
}

/** The links that an attachment was lent. */
export const lentLinks: Trace = {
  remove: (request) => giveBack(hostSocket(), request),
  collect: (request) => collectLoans(hostSocket(), request),
}

/**
 * Gives back all that an attachment was lent. What is gone already counts as done. For DEL and the way back of ADD.
 * @param home the host's namespace, should this process have lost its way
 */
export function giveBack(host: Socket, attachment: Attachment, home = currentNamespace()): void {
  endLoan(host, loanOf(attachment), home)
}

/** Gives back what attachments of a network were lent that are not valid any more. For GC. */
export function collectLoans(host: Socket, { network, validAttachments }: Request): void {
  const stale = loans().filter((loan) => loan.network === network && !isValid(validAttachments, loan))
  const home = currentNamespace()
  runAllNow(stale.map((loan) => () => endLoan(host, loanOf(loan), home)))
}

/** The record goes when all is given back; what could not be is tried again by the next DEL. */
function endLoan(host: Socket, id: string, home: Namespace): void {
  const loan = readLoan(id)
  const side = loan && sideOf(loan)
  const steps = loan?.links.map((lent) => () => {
    if (lent.mark) bringHome(host, home, side, lent)
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
  return { container, inside: openSocketIn(container, Protocol.ROUTE) }
}

/** How long hardware may take to come back by itself: the kernel ends namespaces in its own time. */
const RETURN_MILLISECONDS = 2000

/** Brings a link of the host home: from the container, or from where the kernel puts it when the namespace ends. */
function bringHome(host: Socket, home: Namespace, side: Side | undefined, lent: Lent): void {
  const { name, mark, isHardware } = lent
  const isIt = ({ alias }: Link) => alias === mark
  const away = side && listLinks(side.inside).find(isIt)
  if (away) {
    refuseTaken(host, name)
    ask(side.inside, changeLink(away, { master: null, up: false }))
    ask(side.inside, changeLink(away, { netns: home, name }))
  }
  const look = () => [findLink(host, name)].find((link) => link && isIt(link)) ?? listLinks(host).find(isIt)
  inNamespace(home, () => {
    const link = !side && isHardware ? waitFor(Group.LINK, RETURN_MILLISECONDS, look) : look()
    if (link) restoreState(host, link, lent)
  })
}

/** The kernel would move the link first, and find the name taken afterwards. */
function refuseTaken(host: Socket, name: string): void {
  if (!findLink(host, name)) return
  throw new CniError(Code.TryAgainLater, {
    msg: `the host has another ${name} by now: the one that it lent cannot come back under its name`,
    hint: `rename that one (ip link set dev ${name} name OTHER), then run DEL again`,
    see: seeLink(name),
    errno: 'EEXIST',
  })
}

function restoreInside({ container, inside }: Side, lent: Lent): void {
  const link = findLink(inside, lent.inside)
  if (!link) return
  ask(inside, changeLink(link, { master: null }))
  inNamespace(container, () => restoreState(inside, link, lent))
}
