/** Changes of the journal under its lock: ADD, DEL and `patchbay dhcp` may come at one moment, and what one has read may be past. */

import { withStateLock } from '../../state/lock.ts'
import { type Entry, journal } from './journal.ts'

/** Runs an action that reads and writes the journal: one at a time on this host. It waits for no server. */
export function withJournal<T>(action: () => T): T {
  return withStateLock('dhcp', action as () => never) as T
}

/** Whether it is what was read: an interface that is lent keeps its index in the next ADD, so the leases are compared, too. */
function isSame(one: Entry, other: Entry): boolean {
  const namesOf = ({ namespace, ifindex, lease4, lease6 }: Entry) =>
    [namespace, ifindex, lease4?.since, lease6?.since].join()
  return namesOf(one) === namesOf(other)
}

/** Takes an entry out. @returns it as it was at that moment: patchbay dhcp may just have changed it */
export function takeEntry(entry: Entry): Entry {
  return withJournal(() => {
    const last = journal.read(entry) ?? entry
    journal.forget(entry)
    return last
  })
}

/** Replaces an entry, unless DEL has forgotten it meanwhile, or another ADD has made it anew. @returns whether it was replaced */
export function replaceEntry(former: Entry, entry: Entry): boolean {
  return withJournal(() => {
    const there = journal.read(former)
    if (!there || !isSame(there, former)) return false
    journal.write(entry)
    return true
  })
}

/** Forgets an entry, unless DEL has done so already, or another ADD has made it anew. */
export function dropEntry(former: Entry): void {
  withJournal(() => {
    const there = journal.read(former)
    if (there && isSame(there, former)) journal.forget(former)
  })
}
