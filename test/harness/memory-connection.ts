/** A connection with a store in memory, whose answers can be lost, and whose requests can arrive late. */

import type { Changed, Connection, Follower, StoreStep } from '../../shared/store/connection.ts'
import { type Range, StoreAway } from '../../shared/store/protocol.ts'
import { after, empty, inRange, type State } from './memory-store.ts'

/** What becomes of a request: `lost` has no effect, `unanswered` has its effect, `late` has it when `arrive` is called. */
export type Fate = 'answered' | 'lost' | 'unanswered' | 'late'

export interface MemoryStore extends Connection {
  state: State
  /** Asked before each request. */
  fate: (step: StoreStep) => Fate
  /** All requests so far. */
  asked: StoreStep[]
  /** What was sent and is late has its effect now. */
  arrive(): void
}

export function memoryStore(state: State = empty): MemoryStore {
  const late: StoreStep[] = []
  const followers = new Set<() => void>()
  const apply = (step: StoreStep) => {
    const [next, answer] = after(store.state, step)
    store.state = next
    for (const tell of followers) tell()
    return answer
  }
  const store: MemoryStore = {
    state,
    asked: [],
    fate: () => 'answered',
    async ask(step) {
      store.asked.push(step)
      const fate = store.fate(step)
      if (fate === 'late') late.push(step)
      if (fate === 'lost' || fate === 'late') throw new StoreAway('no answer')
      const answer = apply(step)
      if (fate === 'unanswered') throw new StoreAway('no answer')
      return answer
    },
    arrive: () => {
      for (const step of late.splice(0)) apply(step)
    },
    follow: (range, follower) => follow(store, followers, range, follower),
    close: () => {},
  }
  return store
}

/** Tells of each change in a range. A revision that falls tells of a restored store: all is told anew. */
function follow(store: MemoryStore, followers: Set<() => void>, range: Range, follower: Follower) {
  let seen = store.state
  const tellAll = () =>
    follower.whole({ revision: seen.revision, ...inRange(seen.entries, range), more: false })
  const tell = () => {
    const before = seen
    seen = store.state
    if (seen.revision < before.revision) return tellAll()
    const changes = changesBetween(before, seen, range)
    if (changes.length > 0) follower.changed(changes, seen.revision)
  }
  tellAll()
  followers.add(tell)
  return { close: () => void followers.delete(tell) }
}

function changesBetween(before: State, now: State, range: Range): Changed[] {
  const [old, entries] = [before, now].map((state) => inRange(state.entries, range).entries)
  const removed = (old ?? []).filter(({ key }) => !entries?.some((entry) => entry.key === key))
  const changed = (entries ?? []).filter(({ modified }) => modified > before.revision)
  return [...removed.map(({ key }) => ({ key })), ...changed.map((entry) => ({ key: entry.key, entry }))]
}
