/**
 * Links that are lent to an attachment, and given back as they were: the host's, which move into the container, and the
 * container's own, which only change.
 */

import type { Trace } from '../attachment/device.ts'
import type { Undo } from '../attachment/undo.ts'
import { hostSocket, type Wiring } from '../attachment/wiring.ts'
import { isValid } from '../cni/attachments.ts'
import { CniError, Code, factsOf } from '../cni/error.ts'
import { attachmentHash } from '../cni/identity.ts'
import type { Attachment, Request } from '../cni/plugin.ts'
import { runAllNow } from '../cni/steps.ts'
import { isErrno, tolerate } from '../kernel/errno.ts'
import { currentNamespace, inNamespace, type Namespace, openNamespace } from '../kernel/namespace.ts'
import { seeLink } from '../netlink/command.ts'
import { Group, waitFor } from '../netlink/events.ts'
import { changeLink, findLink, type Link, type LinkSettings, listLinks } from '../netlink/link.ts'
import { ask, openSocketIn, Protocol, type Socket } from '../netlink/socket.ts'
import { bareState, restoreState, stateOf } from './link-state.ts'
import {
  type Holding,
  holderOf,
  holdings,
  inodeOf,
  type Lent,
  markPrefix,
  remember,
  withLent,
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
  const { host, inside: socket, container, holder } = lending
  return withLent(() => {
    const gone = wishes.find(({ link }) => findLink(host, link.name)?.index !== link.index)
    if (gone) throw lentAlready(gone.link)
    const lent = wishes.map(({ link, inside, device }): Lent => {
      const mark = markPrefix(holder) + link.name
      return { ...stateOf(host, link), inside, device, mark, isHardware: link.kind === undefined }
    })
    rememberAll(lending, lent)
    return wishes.map(({ link, inside: name }, index) => {
      ask(host, changeLink(link, { alias: lent[index]?.mark, up: false }))
      move(host, link, { netns: container, name })
      return findLink(socket, name) as Link
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

/** Another ADD was faster between the look at a link and the lock. */
function lentAlready({ name }: Link): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `the host has lent ${name} to container ${holderOf(name)?.containerID ?? 'that is gone'} meanwhile`,
    hint: 'give each container interfaces of its own',
    see: seeLink(name),
    errno: 'ENODEV',
  })
}

/** Lends links that the container has: they stay where they are, and are down. @returns them */
export function lendOwn(lending: Lending, links: Link[]): Link[] {
  const { inside, container } = lending
  const states = inNamespace(container, () => links.map((link) => stateOf(inside, link)))
  rememberAll(
    lending,
    states.map((state) => ({ ...state, inside: state.name })),
  )
  for (const link of links) ask(inside, changeLink(link, { up: false }))
  return links
}

function rememberAll({ holder, undo, host }: Lending, links: Lent[]): void {
  const home = currentNamespace()
  undo(() => giveBack(host, holder, home))
  remember(holder, links)
}

/** What the links that an attachment was lent are called in the container, in their order. */
export function namesInside(holder: Attachment): string[] {
  return holdings.read(attachmentHash(holder))?.links.map(({ inside }) => inside) ?? []
}

/** The links that an attachment was lent. */
export const lentLinks: Trace = {
  remove: (request) => giveBack(hostSocket(), request),
  collect: (request) => collectLent(hostSocket(), request),
}

/**
 * Gives back all that an attachment was lent. What is gone already counts as done. For DEL and the way back of ADD.
 * @param home the host's namespace, should this process have lost its way
 */
export function giveBack(
  host: Socket,
  holder: Attachment & { netns?: string },
  home = currentNamespace(),
): void {
  const key = attachmentHash(holder)
  const holding = holdings.read(key)
  if (holding) returnAll(host, holding, home)
  else returnMarked(host, holder, home, holdings.wasDamaged(key))
  holdings.remove(key)
}

/** Gives back what attachments of a network were lent that are not valid any more. For GC. */
function collectLent(host: Socket, { network, validAttachments }: Request): void {
  const stale = holdings
    .all()
    .filter((holder) => holder.network === network && !isValid(validAttachments, holder))
  const home = currentNamespace()
  runAllNow(stale.map((holder) => () => giveBack(host, holder, home)))
}

/** The record goes when all is given back; what could not be is tried again by the next DEL. */
function returnAll(host: Socket, holding: Holding, home: Namespace): void {
  const side = sideOf(holding)
  runAllNow(
    holding.links.map((lent) => () => {
      if (lent.mark) bringHome(host, home, side, lent)
      else if (side) restoreInside(side, lent)
    }),
  )
}

/**
 * Without a record the mark on each link tells whose it is, and its name; how it was else is lost.
 * @param everywhere also on the host, whose links may be many: where the kernel puts hardware when a namespace ends
 */
function returnMarked(
  host: Socket,
  holder: Attachment & { netns?: string },
  home: Namespace,
  everywhere: boolean,
): void {
  const side = holder.netns ? openSide(holder.netns) : undefined
  const prefix = markPrefix(holder)
  const found = [...(side ? listLinks(side.inside) : []), ...(everywhere ? listLinks(host) : [])]
  const marked = found.filter(({ alias }) => alias?.startsWith(prefix))
  runAllNow(
    marked.map((link) => () => {
      const state = bareState(link, link.alias?.slice(prefix.length) ?? '')
      bringHome(host, home, side, { ...state, inside: link.name, mark: link.alias })
    }),
  )
}

/** A container, and rtnetlink in its namespace. */
interface Side {
  container: Namespace
  inside: Socket
}

/** Nothing when the namespace is gone, or its path leads to another one. */
function sideOf({ netns, inode }: Holding): Side | undefined {
  return inodeOf(netns) === inode ? openSide(netns) : undefined
}

function openSide(netns: string): Side | undefined {
  const container = tolerate(() => openNamespace(netns), 'ENOENT', 'ENOTDIR', 'EINVAL')
  return container && { container, inside: openSocketIn(container, Protocol.ROUTE) }
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
