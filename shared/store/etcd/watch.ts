/** One watch of a range of keys at one member. */

import type { Changed, Follower } from '../connection.ts'
import { entryOf } from './convert.ts'
import { after, changeOf, type Event, isSame, type Known } from './history.ts'
import type { Member } from './member.ts'
import { EventType, type WatchResponse } from './messages.ts'
import { watchMethod } from './methods.ts'
import { isTooLong, sentence } from './refusal.ts'

/** In which a member repeats the newest change that is known. */
const REPEAT_MILLISECONDS = 5000

export interface Watching {
  range: { from: string; to: string }
  follower: Follower
  signal: AbortSignal
  /** Is kept up to date. */
  known: Known
  /** Whether another watch has ended before: then the newest change is watched again, to see whether the history is the same. */
  isResumed: boolean
  /** Called when the member has begun to watch. */
  begun(): void
}

/**
 * Watches until it ends.
 * @returns true when changes were lost: the range must be read anew
 * @throws ServiceError, or an error with etcd's reason
 */
export function watch(member: Member, watching: Watching): Promise<true> {
  const { range, signal, known, isResumed } = watching
  if (signal.aborted) return Promise.reject(new Error('closed'))
  const { promise, resolve, reject } = Promise.withResolvers<true>()
  const stream = member.stream<WatchResponse>(watchMethod)
  const reading = reader(watching, { lost: () => resolve(true), refused: reject })
  const timer = setTimeout(reading.requireHistory, REPEAT_MILLISECONDS)
  const cancel = () => reject(new Error('closed'))
  signal.addEventListener('abort', cancel)
  const take = (response: WatchResponse) => {
    try {
      reading.take(response)
    } catch (error) {
      // The follower has failed: what it was told last is told again, with all.
      known.newest = undefined
      reject(error)
    }
  }
  stream.on('data', take)
  // Too long: the changes since then are too many for one message.
  stream.on('error', (error) => (isTooLong(error) ? resolve(true) : reject(error)))
  stream.on('end', () => reject(new Error('the watch was ended')))
  const start = isResumed && known.newest ? known.newest.modified : known.revision + 1
  stream.write({ create: { key: range.from, end: range.to, start, progress: true } })
  return promise.finally(() => {
    clearTimeout(timer)
    signal.removeEventListener('abort', cancel)
    stream.removeListener('data', take)
    stream.cancel()
  })
}

interface Ends {
  lost(): void
  refused(error: Error): void
}

function reader({ range, follower, known, isResumed, begun }: Watching, { lost, refused }: Ends) {
  let awaited = isResumed ? known.newest : undefined
  const deliver = (events: readonly Event[], revision: number) => {
    const changes = events.map(changedOf).filter((change) => change !== undefined)
    known.newest = events.map(changeOf).findLast((change) => change !== undefined) ?? known.newest
    follower.changed(changes, revision)
  }
  const take = ({ header, created, canceled, compacted, reason, events }: WatchResponse) => {
    const revision = header?.revision ?? 0
    if (canceled) return compacted > 0 ? lost() : refused(canceledBy(reason, range.from))
    if (created && revision < known.revision) return lost()
    known.revision = Math.max(known.revision, revision)
    if (created) return begun()
    if (!awaited) return deliver(events, revision)
    if (events.length === 0) return
    if (!isSame(awaited, events)) return lost()
    const more = after(awaited, events)
    awaited = undefined
    deliver(more, revision)
  }
  return { take, requireHistory: () => awaited && lost() }
}

function canceledBy(reason: string, keys: string): Error {
  return sentence(reason, keys) ?? new Error(reason || 'the watch was canceled')
}

function changedOf({ type, entry }: Event): Changed | undefined {
  if (!entry) return undefined
  return type === EventType.DELETE ? { key: entry.key } : { key: entry.key, entry: entryOf(entry) }
}
