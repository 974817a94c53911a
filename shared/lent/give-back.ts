/** Gives back the links that an attachment was lent, found by its record, or by the marks on the links. */

import type { Trace } from '../attachment/device.ts'
import { hostSocket } from '../attachment/sides.ts'
import { attachmentHash } from '../cni/identity.ts'
import type { Attachment, Request } from '../cni/plugin.ts'
import { CniError, Code } from '../error/error.ts'
import { printError } from '../error/log.ts'
import { runAllNow } from '../error/steps.ts'
import { now } from '../kernel/clock.ts'
import { currentNamespace, inNamespace } from '../kernel/namespace.ts'
import { Group, waitFor } from '../netlink/events.ts'
import type { Socket } from '../netlink/socket.ts'
import { amongValid } from '../state/valid.ts'
import { restoreRoutes } from './link-state.ts'
import { markedLinks, returnMarked } from './marked.ts'
import { homePlace, type Place } from './place.ts'
import { type Holding, hasRecord, holdings, type Lent, recordedHolder, withLent } from './record.ts'
import { type Returned, returnLink } from './return-link.ts'

/** The links that an attachment was lent. */
export const lentLinks: Trace = {
  remove: (request) => giveBack(hostSocket(), recordedHolder(request)),
  collect: (request) => collectLent(hostSocket(), request),
}

/** How long to wait for hardware to come back by itself: the kernel ends namespaces asynchronously. */
const RETURN_MILLISECONDS = 5000

/** How long DEL fails, from the first one on, while a device is nowhere to be found. Then it counts as gone. */
const MISSING_SECONDS = 60

type Holder = Attachment & { netns?: string }

/**
 * Gives back all links that an attachment was lent. What is gone counts as done. For DEL and for undo in ADD.
 * @param home the host's namespace; default: this process's
 * @throws CniError of code 11 while a device is in no namespace that can be seen
 */
export function giveBack(host: Socket, holder: Holder, home = currentNamespace()): void {
  const place = homePlace(host, home)
  const isDone = () => hasNothing(place, holder) || withLent(() => attempt(place, holder)) || undefined
  inNamespace(home, () => {
    if (!waitFor(Group.LINK, RETURN_MILLISECONDS, isDone)) withLent(() => giveUp(holder))
  })
}

/** The same for attachments of a network that are not valid any more. For GC. */
function collectLent(host: Socket, { network, validAttachments }: Request): void {
  const isValid = amongValid(validAttachments)
  const stale = holdings.all().filter((holder) => holder.network === network && !isValid(holder))
  const home = currentNamespace()
  runAllNow(stale.map((holder) => () => giveBack(host, holder, home)))
}

/** Looked at without the lock, which another container's ADD may hold. */
function hasNothing(home: Place, holder: Holder): boolean {
  const wasDamaged = holdings.wasDamaged(attachmentHash(holder))
  return !hasRecord(holder) && markedLinks(home, holder, wasDamaged).length === 0
}

/** @returns false while hardware has not come back */
function attempt(home: Place, holder: Holder): boolean {
  const key = attachmentHash(holder)
  const holding = holdings.read(key)
  if (!holding) returnMarked(home, holder, holdings.wasDamaged(key))
  const missing = holding ? returnAll(home, holding, holder.netns) : []
  if (holding && missing.length > 0) {
    if (missing.length < holding.links.length) holdings.write(key, { ...holding, links: missing })
    return false
  }
  holdings.remove(key)
  return true
}

/**
 * Returns all links of a record, and then their routes, which may need several of them. After a failure the record stays, so that
 * the next DEL tries again.
 * @returns those that have not come back
 */
function returnAll(home: Place, { links }: Holding, netns?: string): Lent[] {
  const ends = new Map<Lent, Returned>()
  runAllNow(links.map((lent) => () => void ends.set(lent, returnLink(home, lent, netns))))
  runAllNow(
    [...ends].map(
      ([lent, end]) =>
        () =>
          withRoutes(lent, end),
    ),
  )
  return links.filter((lent) => ends.get(lent) === 'missing')
}

function withRoutes(lent: Lent, end: Returned): void {
  if (typeof end === 'string') return
  const { link, place } = end
  inNamespace(place.namespace, () => restoreRoutes(place.socket, link, lent))
}

/** @throws CniError naming the devices that were not found, until the time for that is over */
function giveUp(holder: Holder): void {
  const key = attachmentHash(holder)
  const holding = holdings.read(key)
  if (!holding) return
  const seconds = Math.floor(now() / 1000)
  const { missedAt = seconds } = holding
  const names = holding.links.map(({ name }) => name).join(', ')
  if (seconds - missedAt <= MISSING_SECONDS) {
    holdings.write(key, { ...holding, missedAt })
    throw notBack(names)
  }
  printError(`patchbay: warning: ${names} was lent and is in no network namespace any more: forgotten`)
  holdings.remove(key)
}

function notBack(names: string): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `${names} has not come back from the container, and is in no network namespace that can be seen: run DEL again`,
    hint: `a process may hold the container's namespace: end it; after ${MISSING_SECONDS} seconds a missing device counts as gone`,
    see: 'lsns -t net',
    errno: 'ENODEV',
  })
}
