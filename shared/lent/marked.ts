/** Gives back lent links without a record: the alias on each link has its attachment and its name; its other settings are lost. */

import type { Attachment } from '../cni/plugin.ts'
import { CniError, Code } from '../error/error.ts'
import { runAllNow } from '../error/steps.ts'
import { inNamespace } from '../kernel/namespace.ts'
import { seeLink } from '../netlink/command.ts'
import { findLink, type Link, listLinks } from '../netlink/link.ts'
import { bareState, restoreState } from './link-state.ts'
import { originOf } from './origin.ts'
import { type Found, openPlace, type Place } from './place.ts'
import { markPrefix } from './record.ts'
import { broughtHome } from './return-link.ts'

/** Without a namespace's path: the bond on the host, whose members have no marks. */
type Holder = Attachment & { netns?: string }

/**
 * Brings home the links with the mark of an attachment, from the container, and those of the host that the kernel or a killed ADD left
 * there. A container could mark a link of its own, so only what comes from the host is moved.
 * @param wasDamaged there was a record: a link of unknown origin is the one that was lent
 * @throws CniError for a link of unknown origin
 */
export function returnMarked(home: Place, holder: Holder, wasDamaged: boolean): void {
  const prefix = markPrefix(holder)
  const marked = markedLinks(home, holder, wasDamaged)
  runAllNow(marked.map((found) => () => returnOne(home, found, nameOf(found.link, prefix), wasDamaged)))
}

/** The links with the mark of an attachment, in the container, and where the kernel may have moved them. */
export function markedLinks(home: Place, holder: Holder, wasDamaged: boolean): Found[] {
  if (holder.netns === undefined) return []
  const away = holder.netns ? openPlace(holder.netns) : undefined
  const prefix = markPrefix(holder)
  // The host may have many links, and has none of these while the container has its namespace.
  const places = [...(away ? [away] : []), ...(!away || wasDamaged ? [home] : [])]
  return places.flatMap((place) =>
    listLinks(place.socket)
      .filter(({ alias }) => alias?.startsWith(prefix))
      .map((link) => ({ link, place })),
  )
}

function nameOf({ alias = '' }: Link, prefix: string): string {
  return alias.slice(prefix.length)
}

function returnOne(home: Place, found: Found, name: string, wasDamaged: boolean): void {
  if (found.place !== home && !isToMove(home, found, name, wasDamaged)) return
  const { link } = broughtHome(home, found, { name })
  inNamespace(home.namespace, () => restoreState(home.socket, link, bareState(link, name)))
}

function isToMove(home: Place, { link, place }: Found, name: string, wasDamaged: boolean): boolean {
  const origin = originOf(home, place, link)
  if (origin !== 'unknown') return origin === 'host'
  if (findLink(home.socket, name)) return false
  if (wasDamaged) return true
  throw new CniError(Code.TryAgainLater, {
    msg: `${link.name} is marked as ${name} of the host, but its record is lost: move it home or delete it`,
    hint: `if the host lent it: ${moveCommand(place, link)}; if the container made it, delete it there`,
    see: seeLink(link.name, { netns: place.namespace.path }),
  })
}

function moveCommand({ namespace }: Place, { name }: Link): string {
  return `nsenter --net=${namespace.path} ip link set dev ${name} netns 1`
}
