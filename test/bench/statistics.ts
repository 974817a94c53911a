/** Statistics of samples. */

import type { Sample } from './stopwatch.ts'

export interface Summary {
  /** Milliseconds of wall time. */
  p10: number
  p50: number
  p90: number
  p99: number
  /** Medians: milliseconds of processor time outside and inside the kernel, page faults, peak megabytes. */
  user: number
  system: number
  faults: number
  memory: number
  /** Number of runs, and of those whose exit status was not 0. */
  runs: number
  failed: number
}

export function summarize(samples: readonly Sample[]): Summary {
  const wall = samples.map((sample) => sample.wall)
  const median = (key: 'user' | 'system' | 'faults' | 'memory') =>
    quantile(
      samples.map((sample) => sample[key]),
      0.5,
    )
  return {
    p10: quantile(wall, 0.1),
    p50: quantile(wall, 0.5),
    p90: quantile(wall, 0.9),
    p99: quantile(wall, 0.99),
    user: median('user'),
    system: median('system'),
    faults: median('faults'),
    memory: median('memory'),
    runs: samples.length,
    failed: samples.filter(({ status }) => status !== 0).length,
  }
}

/** How two candidates compare, round by round: samples of the same number were taken at nearly the same time. */
export interface Ratio {
  p10: number
  p50: number
  p90: number
}

/** The wall time of each sample divided by that of the other in the same round. */
export function ratioOf(samples: readonly Sample[], others: readonly Sample[]): Ratio {
  const [own, theirs] = [samples, others].map((list) => list.map(({ wall }) => wall))
  return ratioOfTimes(own ?? [], theirs ?? [])
}

/** Each time divided by the other of the same round; a round without the other does not count. */
export function ratioOfTimes(times: readonly number[], others: readonly number[]): Ratio {
  const ratios = times.flatMap((time, round) => {
    const other = others[round]
    return other === undefined ? [] : [time / other]
  })
  return { p10: quantile(ratios, 0.1), p50: quantile(ratios, 0.5), p90: quantile(ratios, 0.9) }
}

/** A quantile, interpolated between neighbours. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const [below = 0, above = below] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return below + (above - below) * (at - Math.floor(at))
}
