/** Waits for conditions. The limit is generous: a busy machine is no failure. */

import { setTimeout as wait } from 'node:timers/promises'

const LIMIT_SECONDS = 60
const POLL_MILLISECONDS = 10

/** Waits until a condition holds. @param what it is, for the error @param limit seconds; benchmarks wait longer @throws when it does not hold after them */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  limit = LIMIT_SECONDS,
): Promise<void> {
  // A test may set the time of day.
  const end = performance.now() + limit * 1000
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not after ${limit} seconds: ${what}`)
    await wait(POLL_MILLISECONDS)
  }
}

/**
 * Does something again while its error is one of lateness.
 * @param isLate of the error as text @param undo between two tries @returns what it returns @throws other errors
 */
export async function retried<T>(
  act: () => T | Promise<T>,
  isLate: (said: string) => boolean,
  undo: () => unknown = () => {},
): Promise<T> {
  const done: T[] = []
  await until('it is done in time', async () => {
    try {
      done.push(await act())
    } catch (error) {
      if (!isLate(String(error))) throw error
      await undo()
    }
    return done.length > 0
  })
  return done[0] as T
}

/** Waits while this program does nothing else. */
export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
