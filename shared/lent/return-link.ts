/** Returns one lent link: finds it, moves it home, and restores its state. */

import { CniError, Code } from '../error/error.ts'
import { printError } from '../error/log.ts'
import { inNamespace } from '../kernel/namespace.ts'
import { seeLink } from '../netlink/command.ts'
import { changeLink, findLink } from '../netlink/link.ts'
import { ask, type Socket } from '../netlink/socket.ts'
import { isUnplugged } from './identity.ts'
import { type LinkState, restoreState } from './link-state.ts'
import { type Found, findAnywhere, findIn, type Place, placeOf } from './place.ts'
import type { Lent } from './record.ts'

/** Where the link is now; `missing` when it may still come back. */
export type Returned = Found | 'gone' | 'missing'

/**
 * Returns a link of the host from wherever it is; a link of the container is restored where it is.
 * @param netns the namespace's path in this call
 * @throws CniError or KernelError, and the record must stay
 */
export function returnLink(home: Place, lent: Lent, netns?: string): Returned {
  const found = lent.mark ? findHosts(home, lent, netns) : findOwn(home, lent, netns)
  if (typeof found === 'string') return found
  const { link, place } = lent.mark ? broughtHome(home, found, lent) : found
  if (link.master) ask(place.socket, changeLink(link, { master: null }))
  inNamespace(place.namespace, () => restoreState(place.socket, link, lent))
  return { link: { ...link, name: lent.name }, place }
}

/** A virtual device is gone with its namespace, or when no namespace has it. Hardware is gone when it is unplugged. */
function findHosts(home: Place, lent: Lent, netns?: string): Returned {
  const back = findIn(home, lent, lent.isHardware)
  if (back) return back
  const place = placeOf(lent.inode, [lent.netns, netns])
  const inside = place && findIn(place, lent)
  if (inside) return inside
  const found = place || lent.isHardware ? findAnywhere(lent) : undefined
  // Meanwhile the kernel may have brought hardware home from a namespace that ended.
  if (found) return findIn(home, lent, lent.isHardware) ?? found
  if (lent.isHardware && !isUnplugged(home.namespace, lent)) return 'missing'
  if (place || lent.isHardware)
    printError(`patchbay: warning: ${lent.name}, which the host lent, was deleted or unplugged`)
  return 'gone'
}

/** A bond on the host has its members in the host's namespace. */
function findOwn(home: Place, lent: Lent, netns?: string): Returned {
  const place = placeOf(lent.inode, [home.namespace.path, lent.netns, netns])
  return (place && findIn(place, lent)) ?? 'gone'
}

/** Moves a link home, under its old name, unless it is there. @returns it as it is there */
export function broughtHome(home: Place, found: Found, { name }: Pick<LinkState, 'name'>): Found {
  const { link, place } = found
  if (place === home) return found
  refuseTaken(home.socket, name)
  ask(place.socket, changeLink(link, { master: null, up: false }))
  ask(place.socket, changeLink(link, { netns: home.namespace, name }))
  return { link: findLink(home.socket, name) ?? { ...link, name }, place: home }
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
