/**
 * Links of the host that carry an alias, by which DEL knows that they were made here. The kernel takes an alias only for a
 * link that exists; until it is set a pointer stands for it, so that a process that is killed in between leaves nothing.
 */

import type { Undo } from '../attachment/undo.ts'
import { type Link, setAlias } from '../netlink/link.ts'
import type { Socket } from '../netlink/socket.ts'
import { pointers } from '../state/pointers.ts'

/** The aliases of links that have none yet, by name. */
const missing = pointers('aliases')

/** Makes a link and sets its alias. The caller holds the link's lock. @param make throws when the name is taken. @returns the link */
export function makeMarked(
  host: Socket,
  { name, alias, undo }: { name: string; alias: string; undo: Undo },
  make: () => void,
): Link {
  undo(() => forgetMark(name))
  missing.set(name, alias)
  try {
    make()
    return setAlias(host, name, alias)
  } finally {
    forgetMark(name)
  }
}

/** Whether a link was made here with this alias. */
export function isMarked(link: Pick<Link, 'name' | 'alias'>, alias: string): boolean {
  return link.alias === alias || (!link.alias && missing.get(link.name) === alias)
}

/** Whether a process that was killed left a link of this name without its alias, or did not make it. */
export function hasMark(name: string): boolean {
  return missing.get(name) !== undefined
}

/** Forgets what a process that was killed has left of marking a link. For DEL, under the link's lock. */
export function forgetMark(name: string): void {
  missing.remove(name)
}
