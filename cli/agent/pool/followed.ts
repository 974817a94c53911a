/** The ranges of keys that the pool part follows: they change with the networks and with what these hold. */

import type { Changed, Connection } from '../../../shared/store/connection.ts'
import type { Entry } from '../../../shared/store/protocol.ts'

export interface Span {
  from: string
  to: string
}

export interface FollowedKeys {
  /** Follows these from now on, and no others. */
  set(spans: ReadonlyMap<string, Span>): void
  /** The entries of a span as far as they are known; undefined before its first answer. */
  entries(name: string): Entry[] | undefined
  close(): void
}

/** What is told of the store. */
export interface Told {
  /** It does not answer. */
  away(reason: string): void
  /** It answers again. */
  back(): void
  /** Changes were lost, or the store is not what it was: a range was read anew. */
  anew(): void
}

/** @param changed is called with a span's name whenever it has changed, and once when it is known */
export function followKeys(
  connection: Connection,
  changed: (name: string) => void,
  told: Told,
): FollowedKeys {
  const all = new Map<string, { close(): void; known?: Map<string, Entry> }>()
  let isAway = false
  const answers = () => {
    if (isAway) told.back()
    isAway = false
  }
  const begin = (name: string, span: Span) => {
    const one: { close(): void; known?: Map<string, Entry> } = { close() {} }
    all.set(name, one)
    const follower = {
      whole({ entries }: { entries: Entry[] }) {
        if (one.known) told.anew()
        one.known = new Map(entries.map((entry) => [entry.key, entry]))
        answers()
        changed(name)
      },
      changed(changes: Changed[]) {
        for (const { key, entry } of changes) {
          if (entry) one.known?.set(key, entry)
          else one.known?.delete(key)
        }
        answers()
        changed(name)
      },
      away(reason: string) {
        isAway = true
        told.away(reason)
      },
    }
    const { close } = connection.follow(span, follower)
    one.close = close
  }
  const end = (name: string) => {
    all.get(name)?.close()
    all.delete(name)
  }
  return {
    set(spans) {
      for (const name of [...all.keys()]) if (!spans.has(name)) end(name)
      for (const [name, span] of spans) if (!all.has(name)) begin(name, span)
    },
    entries: (name) => {
      const known = all.get(name)?.known
      return known && [...known.values()]
    },
    close() {
      for (const name of [...all.keys()]) end(name)
    },
  }
}
