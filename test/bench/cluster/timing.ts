/** Times of many actions, some of them at once. */

import { quantile } from '../statistics.ts'

export interface Times {
  count: number
  /** From the first start to the last end, seconds, and how many a second that is. */
  seconds: number
  perSecond: number
  /** Of one action, milliseconds. */
  p50: number
  p99: number
  most: number
}

/** Runs actions, so many at once; the next begins when one ends. */
export async function timed<T>(
  items: readonly T[],
  atOnce: number,
  action: (item: T) => Promise<unknown>,
): Promise<Times> {
  const durations: number[] = []
  const left = items[Symbol.iterator]()
  const begin = performance.now()
  const worker = async () => {
    for (const item of left) {
      const start = performance.now()
      await action(item)
      durations.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  return timesOf(durations, (performance.now() - begin) / 1000)
}

export function timesOf(durations: readonly number[], seconds: number): Times {
  return {
    count: durations.length,
    seconds,
    perSecond: durations.length / seconds,
    p50: quantile(durations, 0.5),
    p99: quantile(durations, 0.99),
    most: quantile(durations, 1),
  }
}

/** Seconds of a processor that this process has used. */
export function ownProcessor(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
