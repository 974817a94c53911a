/** Reads many keys, in pages: one answer with tens of thousands of keys would be too long. */

import { allBelow } from '../keys.ts'
import { type Entry, type Protocol, read } from '../protocol.ts'

export const PAGE = 1000

/** Keys from `from` on, below `to`. */
export interface Ends {
  from: string
  to: string
}

/** All keys of a prefix. @param keysOnly without the values */
export function entriesBelow(prefix: string, keysOnly = false): Protocol<Entry[]> {
  return entriesIn(allBelow(prefix), keysOnly)
}

/** All keys of a range. @param keysOnly without the values */
export function* entriesIn({ from, to }: Ends, keysOnly = false): Protocol<Entry[]> {
  const all: Entry[] = []
  for (;;) {
    const { entries, more } = yield* read({ from, to, limit: PAGE, keysOnly })
    all.push(...entries)
    const last = entries.at(-1)
    if (!more || !last) return all
    from = `${last.key}\0`
  }
}
