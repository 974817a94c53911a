/** Statistics of samples. */

import type { Sample } from './stopwatch.ts'

export interface Summary {
  /** Milliseconds. */
  median: number
  p10: number
  p90: number
  /** Median milliseconds of processor time. */
  cpu: number
  /** Megabytes: the maximum. */
  memory: number
  /** Number of runs whose exit status was not 0. */
  failed: number
}

export function summarize(samples: readonly Sample[]): Summary {
  const wall = samples.map((sample) => sample.wall)
  return {
    median: quantile(wall, 0.5),
    p10: quantile(wall, 0.1),
    p90: quantile(wall, 0.9),
    cpu: quantile(
      samples.map(({ cpu }) => cpu),
      0.5,
    ),
    memory: Math.max(...samples.map(({ memory }) => memory)),
    failed: samples.filter(({ status }) => status !== 0).length,
  }
}

/** A quantile, interpolated between neighbours. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const [below = 0, above = below] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return below + (above - below) * (at - Math.floor(at))
}
