/** Work that is done again whenever something has happened, never twice at once; after a failure it is repeated, with longer and longer pauses. */

export interface Worker {
  /** Asks for the work, in a time (milliseconds) or at once: what is asked for before it begins is one. A pause after a failure is kept. */
  soon(milliseconds?: number): void
  /** The same, with the pause after a failure cut to the shortest: its cause may be gone. */
  now(): void
  /** Begins no more work, and waits for what is being done. */
  stop(): Promise<void>
}

export const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 60_000

/**
 * The pause after failures in a row, milliseconds: doubled each time, with a bound. Half of it is random, so that hosts which failed together
 * do not come back together.
 * @param random from 0 to 1
 */
export function pauseAfter(failures: number, random: number): number {
  const whole = Math.min(FIRST_PAUSE * 2 ** Math.min(failures - 1, 30), LONGEST_PAUSE)
  return Math.round(whole / 2 + (whole / 2) * random)
}

/** @param failed is told of each failure; it must not throw */
export function worker(work: () => Promise<void>, failed: (error: unknown) => void): Worker {
  let [failures, isStopped] = [0, false]
  /** When a pause after a failure ends, and when the work is to begin. */
  let [pausedUntil, due] = [0, Number.POSITIVE_INFINITY]
  let failedAt = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined

  const plan = () => {
    clearTimeout(timer)
    if (isStopped || running || due === Number.POSITIVE_INFINITY) return
    const wait = Math.max(due, pausedUntil) - performance.now()
    timer = setTimeout(begin, Math.max(0, wait))
  }
  const begin = () => {
    due = Number.POSITIVE_INFINITY
    running = once().finally(() => {
      running = undefined
      plan()
    })
  }
  const once = async () => {
    try {
      await work()
      failures = 0
      pausedUntil = 0
    } catch (error) {
      failures++
      failedAt = performance.now()
      pausedUntil = failedAt + pauseAfter(failures, Math.random())
      due = 0
      // What is cut off by the end is no failure.
      if (!isStopped) failed(error)
    }
  }
  return {
    soon(milliseconds = 0) {
      due = Math.min(due, performance.now() + milliseconds)
      plan()
    },
    now() {
      pausedUntil = Math.min(pausedUntil, failedAt + FIRST_PAUSE)
      due = 0
      plan()
    },
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await running
    },
  }
}
