/** The ranges of keys that the pool part follows: they change with the networks and with what these hold. */

import type { CniError } from '../../../shared/error/error.ts'
import type { Changed, Connection } from '../../../shared/store/connection.ts'

export interface Span {
  from: string
  to: string
}

export interface FollowedKeys {
  /** Follows these from now on, and no others. */
  set(spans: ReadonlyMap<string, Span>): void
  close(): void
}

/** What is told of the store. */
export interface Told {
  /** Of a span, all when it is known for the first time or anew, then what has changed. The keys that were removed have no entry. */
  changed(name: string, changes: readonly Changed[]): void
  /** It refuses to tell of a span; undefined: it tells of it. */
  refused(name: string, refusal: CniError | undefined): void
  /** It does not answer. */
  away(reason: string): void
  /** It answers again. */
  back(): void
  /** Changes were lost, or the store is not what it was: a range was read anew. */
  anew(): void
}

/** No value is kept: a pool may have thousands of keys. */
export function followKeys(connection: Connection, told: Told): FollowedKeys {
  const all = new Map<string, { close(): void }>()
  let isAway = false
  const answers = (name: string) => {
    told.refused(name, undefined)
    if (isAway) told.back()
    isAway = false
  }
  const begin = (name: string, span: Span) => {
    let isKnown = false
    return connection.follow(span, {
      whole({ entries }) {
        answers(name)
        if (isKnown) told.anew()
        isKnown = true
        told.changed(
          name,
          entries.map((entry) => ({ key: entry.key, entry })),
        )
      },
      changed(changes) {
        answers(name)
        told.changed(name, changes)
      },
      away(reason) {
        isAway = true
        told.away(reason)
      },
      refused: (refusal) => told.refused(name, refusal),
    })
  }
  const end = (name: string) => {
    all.get(name)?.close()
    all.delete(name)
  }
  return {
    set(spans) {
      for (const name of [...all.keys()].filter((one) => !spans.has(one))) {
        end(name)
        told.refused(name, undefined)
      }
      for (const [name, span] of spans) if (!all.has(name)) all.set(name, begin(name, span))
    },
    close() {
      for (const name of [...all.keys()]) end(name)
    },
  }
}
