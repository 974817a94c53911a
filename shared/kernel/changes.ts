/** Tells which changes the kernel has made, as commands: `patchbay plan` listens. Without a listener nothing is done. */

import type { Fd } from './files.ts'

/** What the kernel has done. */
export interface Change {
  /** The commands that do the same; several of nft are one transaction. Those that only read are among them, too. */
  commands: readonly string[]
  /** The netlink socket of the request, which knows its namespace; undefined: the namespace of this process. */
  socket?: Fd
}

let listener: ((change: Change) => void) | undefined

/** Has each change told from now on. */
export function listenToChanges(listen: (change: Change) => void): void {
  listener = listen
}

/** Tells a change. @param change is called only when there is a listener */
export function tellChange(change: () => Change): void {
  if (listener) listener(change())
}
