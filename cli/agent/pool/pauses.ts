/** What failed is tried again after longer and longer pauses, each subject by itself: an exhausted pool does not delay the other networks. */

import { FIRST_PAUSE, pauseAfter } from '../worker.ts'

/** Times are those of `performance.now()`. */
export interface Pauses {
  isPaused(subject: string, now: number): boolean
  failed(subject: string, now: number): void
  /** Only these subjects are still to be done. @returns the others, whose failures are past */
  only(subjects: ReadonlySet<string>): string[]
  ended(subject: string): void
  /** Cuts all pauses to the shortest: their cause may be gone. */
  shorten(): void
  /** When the first pause ends; infinity without one. */
  next(): number
}

/** @param random from 0 to 1, at each call another one */
export function pausesOf(random: () => number = Math.random): Pauses {
  const all = new Map<string, { failures: number; failedAt: number; until: number }>()
  return {
    isPaused: (subject, now) => (all.get(subject)?.until ?? now) > now,
    failed(subject, now) {
      const failures = (all.get(subject)?.failures ?? 0) + 1
      all.set(subject, { failures, failedAt: now, until: now + pauseAfter(failures, random()) })
    },
    only(subjects) {
      return [...all.keys()].filter((subject) => !subjects.has(subject) && all.delete(subject))
    },
    ended: (subject) => void all.delete(subject),
    shorten() {
      for (const one of all.values()) one.until = Math.min(one.until, one.failedAt + FIRST_PAUSE)
    },
    next: () => Math.min(...[...all.values()].map(({ until }) => until)),
  }
}
