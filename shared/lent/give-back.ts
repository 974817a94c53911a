/** Gives back the links that an attachment was lent, found by its record, or by the marks on the links. */

import type { Trace } from '../attachment/device.ts'
import { hostSocket } from '../attachment/sides.ts'
import { isValid } from '../cni/attachments.ts'
import { attachmentHash } from '../cni/identity.ts'
import type { Attachment, Request } from '../cni/plugin.ts'
import { CniError, Code } from '../error/error.ts'
import { runAllNow } from '../error/steps.ts'
import { tolerate } from '../kernel/errno.ts'
import { currentNamespace, inNamespace, type Namespace, openNamespace } from '../kernel/namespace.ts'
import { seeLink } from '../netlink/command.ts'
import { Group, waitFor } from '../netlink/events.ts'
import { changeLink, findLink, type Link, listLinks } from '../netlink/link.ts'
import { ask, openSocketIn, Protocol, type Socket } from '../netlink/socket.ts'
import { bareState, restoreState } from './link-state.ts'
import { type Holding, holdings, inodeOf, type Lent, markPrefix } from './record.ts'

/** The links that an attachment was lent. */
export const lentLinks: Trace = {
  remove: (request) => giveBack(hostSocket(), request),
  collect: (request) => collectLent(hostSocket(), request),
}

/**
 * Gives back all links that an attachment was lent. What is gone counts as done. For DEL and for undo in ADD.
 * @param home the host's namespace; default: this process's
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

/** The same for attachments of a network that are not valid any more. For GC. */
function collectLent(host: Socket, { network, validAttachments }: Request): void {
  const stale = holdings
    .all()
    .filter((holder) => holder.network === network && !isValid(validAttachments, holder))
  const home = currentNamespace()
  runAllNow(stale.map((holder) => () => giveBack(host, holder, home)))
}

/** Returns all links of a record. After a failure the record stays, so that the next DEL tries again. */
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
 * Without a record: the mark on each link has its attachment and its name; its other settings are lost. A container with
 * CAP_NET_ADMIN could mark a virtual link of its own, so without a trace of a record only hardware is moved.
 * @param wasDamaged there was a record: virtual links are moved too, and looked for on the host, where the kernel puts
 * hardware when a namespace ends; it may have many links
 */
function returnMarked(
  host: Socket,
  holder: Attachment & { netns?: string },
  home: Namespace,
  wasDamaged: boolean,
): void {
  const side = holder.netns ? openSide(holder.netns) : undefined
  const prefix = markPrefix(holder)
  const found = [...(side ? listLinks(side.inside) : []), ...(wasDamaged ? listLinks(host) : [])]
  const marked = found.filter(
    ({ alias, kind }) => alias?.startsWith(prefix) && (wasDamaged || kind === undefined),
  )
  runAllNow(
    marked.map((link) => () => {
      const state = bareState(link, link.alias?.slice(prefix.length) ?? '')
      bringHome(host, home, side, { ...state, nameInside: link.name, mark: link.alias })
    }),
  )
}

/** A container, and rtnetlink in its namespace. */
interface Side {
  container: Namespace
  inside: Socket
}

/** Undefined if the namespace is gone, or its path leads to another namespace now. */
function sideOf({ netns, inode }: Holding): Side | undefined {
  return inodeOf(netns) === inode ? openSide(netns) : undefined
}

function openSide(netns: string): Side | undefined {
  const container = tolerate(() => openNamespace(netns), 'ENOENT', 'ENOTDIR', 'EINVAL')
  return container && { container, inside: openSocketIn(container, Protocol.ROUTE) }
}

/** How long to wait for hardware to come back by itself: the kernel ends namespaces asynchronously. */
const RETURN_MILLISECONDS = 2000

/** Brings a link of the host home, from the container, and restores its state. Hardware comes back by itself when the namespace ends. */
function bringHome(host: Socket, home: Namespace, side: Side | undefined, lent: Lent): void {
  const { name, mark, isHardware } = lent
  const isIt = ({ alias }: Link) => alias === mark
  const away = side && listLinks(side.inside).find(isIt)
  if (away) {
    refuseTaken(host, name)
    ask(side.inside, changeLink(away, { master: null, up: false }))
    ask(side.inside, changeLink(away, { netns: home, name }))
  }
  inNamespace(home, () => {
    const look = () => findMarked(host, lent)
    const link = !side && isHardware ? waitFor(Group.LINK, RETURN_MILLISECONDS, look) : look()
    if (link) restoreState(host, link, lent)
  })
}

/** Lists all links of the host only for hardware: the kernel may bring it back under another name. */
function findMarked(host: Socket, { name, nameInside, mark, isHardware }: Lent): Link | undefined {
  const isIt = ({ alias }: Link) => alias === mark
  for (const known of [name, nameInside]) {
    const link = findLink(host, known)
    if (link && isIt(link)) return link
  }
  return isHardware ? listLinks(host).find(isIt) : undefined
}

/** Refuses before the move: the kernel would move the link first, and then fail to rename it. */
function refuseTaken(host: Socket, name: string): void {
  if (!findLink(host, name)) return
  throw new CniError(Code.TryAgainLater, {
    msg: `the host has another ${name} by now: rename it, so that the one that it lent can come back`,
    hint: `rename that one (ip link set dev ${name} name OTHER), then run DEL again`,
    see: seeLink(name),
    errno: 'EEXIST',
  })
}

function restoreInside({ container, inside }: Side, lent: Lent): void {
  const link = findLink(inside, lent.nameInside)
  if (!link) return
  ask(inside, changeLink(link, { master: null }))
  inNamespace(container, () => restoreState(inside, link, lent))
}
