/** Whether etcd still has the history that was followed: one that was restored from a backup counts the same revisions anew. */

import type { Entry } from '../protocol.ts'
import { EventType, type WatchResponse } from './messages.ts'

/** What is known of a range. */
export interface Known {
  /** The highest revision of the store that was seen. */
  revision: number
  /** The newest change of the range; undefined when it is empty. */
  newest: Newest | undefined
}

/** A key that was removed has no value. */
interface Newest {
  key: string
  modified: number
  value: string | undefined
}

export type Event = WatchResponse['events'][number]

/** The newest change that a range shows. */
export function newestOf(entries: readonly Entry[]): Newest | undefined {
  const [first, ...others] = entries
  if (!first) return undefined
  const { key, modified, value } = others.reduce(
    (one, other) => (other.modified > one.modified ? other : one),
    first,
  )
  return { key, modified, value }
}

/** An event's change. */
export function changeOf({ type, entry }: Event): Newest | undefined {
  if (!entry) return undefined
  const { key, modified, value } = entry
  return { key, modified, value: type === EventType.DELETE ? undefined : value }
}

/** Whether the newest known change is among the first events of a watch that began at its revision. */
export function isSame({ key, modified, value }: Newest, events: readonly Event[]): boolean {
  return events.some((event) => {
    const change = changeOf(event)
    return change?.key === key && change.modified === modified && change.value === value
  })
}

/** Events that came after a change. */
export function after({ modified }: Newest, events: readonly Event[]): Event[] {
  return events.filter(({ entry }) => entry && entry.modified > modified)
}
