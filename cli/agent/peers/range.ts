/** A range of keys that is followed, with what its values say: each is read once, when it changes. */

import type { Connection, Follower } from '../../../shared/store/connection.ts'
import { allBelow } from '../../../shared/store/keys.ts'
import type { Entry } from '../../../shared/store/protocol.ts'
import { wrongOf } from '../states.ts'
import type { Read } from './values.ts'

export interface FollowedRange<T> {
  /** Whether it has been read since the agent began. */
  isKnown(): boolean
  /** By their keys below the prefix. */
  values(): ReadonlyMap<string, T>
  /** Why others are not believed. */
  wrongs(): ReadonlyMap<string, string>
  /** Notes what this agent has written in a revision, or removed, before the store tells of it. */
  note(key: string, value: T | undefined, revision: number): void
  close(): void
}

interface Following<T> {
  /** Ends with `/`. */
  prefix: string
  /** More keys than these are not taken. */
  most: number
  read(key: string, entry: Entry): Read<T>
  /** All was read. @param isAgain since changes were lost */
  filled(isAgain: boolean): void
  changed(changes: readonly ValueChange<T>[]): void
  /** Why the store tells nothing now; undefined when it does. Told again and again. */
  away(reason: string | undefined): void
}

/** Undefined: there was no value, or none that is believed. */
export interface ValueChange<T> {
  key: string
  before?: T | undefined
  after?: T | undefined
}

/** Enough to see what is wrong. */
const MOST_WRONGS = 100

export function followRange<T>(connection: Connection, following: Following<T>): FollowedRange<T> {
  const { prefix, most, read, filled, changed, away } = following
  const [values, wrongs] = [new Map<string, T>(), new Map<string, string>()]
  /** The revisions of what this agent has written: older changes are still under way. */
  const noted = new Map<string, number>()
  /** The revision up to which the store has told of all. */
  let told = 0
  let isKnown = false
  const take = (name: string, entry: Entry | undefined, revision: number): ValueChange<T> | undefined => {
    const key = name.slice(prefix.length)
    if (revision < (noted.get(key) ?? 0)) return undefined
    noted.delete(key)
    const before = values.get(key)
    values.delete(key)
    wrongs.delete(key)
    if (!entry) return { key, before }
    const isTaken = before !== undefined || values.size < most
    const got = isTaken ? read(key, entry) : { wrong: `there are ${most} others` }
    if ('value' in got) values.set(key, got.value)
    else if (wrongs.size < MOST_WRONGS) wrongs.set(key, got.wrong)
    return { key, before, after: values.get(key) }
  }
  const follower: Follower = {
    whole({ entries, revision }) {
      away(undefined)
      const isAgain = isKnown
      for (const map of [values, wrongs, noted]) map.clear()
      isKnown = true
      told = revision
      for (const entry of entries) take(entry.key, entry, entry.modified)
      filled(isAgain)
    },
    changed(changes, revision) {
      away(undefined)
      told = Math.max(told, revision)
      changed(changes.flatMap(({ key, entry }) => take(key, entry, entry?.modified ?? revision) ?? []))
    },
    away,
    refused: (refusal) => away(wrongOf(refusal)),
  }
  const { close } = connection.follow(allBelow(prefix), follower)
  return {
    isKnown: () => isKnown,
    values: () => values,
    wrongs: () => wrongs,
    note(key, value, revision) {
      // The store has told of it, and of what came after it.
      if (revision < told) return
      if (revision > told) noted.set(key, revision)
      wrongs.delete(key)
      if (value === undefined) values.delete(key)
      else values.set(key, value)
    },
    close,
  }
}
