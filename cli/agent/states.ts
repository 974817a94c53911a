/** Says when a state begins and when it ends, and nothing at each attempt between. */

import { toCniError } from '../../shared/error/error.ts'
import type { Log } from '../../shared/error/log.ts'
import { StoreAway } from '../../shared/store/protocol.ts'

export interface States {
  /** What is wrong with a subject; undefined when nothing is. Said when it differs from what was said last. */
  set(subject: string, wrong: string | undefined): void
  /** Of all subjects that begin so, only these have something wrong. */
  only(prefix: string, wrong: ReadonlyMap<string, string>): void
  /** What is wrong now. */
  all(): string[]
}

/** A failure as what is wrong: the error, and what to do. */
export function wrongOf(error: unknown): string {
  if (error instanceof StoreAway) return `the store does not answer: ${error.message}`
  const { message, complaint } = toCniError(error)
  return complaint.hint ? `${message} (${complaint.hint})` : message
}

/** A hostile store could have any number of wrong values. */
const MOST = 1000

export function statesOf(log: Log): States {
  const wrongs = new Map<string, string>()
  const set = (subject: string, wrong: string | undefined) => {
    const before = wrongs.get(subject)
    if (before === wrong) return
    if (wrong === undefined) {
      wrongs.delete(subject)
      return log.info(`${subject}: well again`)
    }
    if (before === undefined && wrongs.size >= MOST) return
    wrongs.set(subject, wrong)
    log.warn(`${subject}: ${wrong}`)
  }
  return {
    set,
    only(prefix, wrong) {
      for (const subject of [...wrongs.keys()])
        if (subject.startsWith(prefix) && !wrong.has(subject)) set(subject, undefined)
      for (const [subject, text] of wrong) set(subject, text)
    },
    all: () => [...wrongs].map(([subject, wrong]) => `${subject}: ${wrong}`),
  }
}
