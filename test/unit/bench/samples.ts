/** Samples and outcomes for tests of the benchmark. */

import type { Measurement, Outcome } from '../../bench/plan.ts'
import type { Verb } from '../../bench/scenarios.ts'
import type { Sample } from '../../bench/stopwatch.ts'

export function sample(wall: number, more: Partial<Sample> = {}): Sample {
  return { status: 0, wall, user: 1, system: 1, faults: 100, memory: 4, ...more }
}

/** A measurement whose rounds took these milliseconds. */
export function measurement(
  candidate: string,
  verb: Verb,
  walls: readonly number[],
  more: Partial<Sample> = {},
): Measurement {
  return { candidate, verb, samples: walls.map((wall) => sample(wall, more)), calls: 100 }
}

export function outcome(subject: string, measurements: Measurement[], there = 0): Outcome {
  return { scenario: { subject, there, atOnce: 1, containers: 1 }, kernel: '6.1', measurements }
}
