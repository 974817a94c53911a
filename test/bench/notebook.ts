/** Where measurements are noted. */

import type { Measurement } from './plan.ts'
import type { Verb } from './scenarios.ts'
import type { Done } from './seat.ts'

export type Observer = (candidate: string, verb: Verb, done: Done) => void

/** An empty notebook, and the function that fills it. */
export function notebook() {
  const all: Measurement[] = []
  const of = (candidate: string, verb: Verb): Measurement => {
    const known = all.find((each) => each.candidate === candidate && each.verb === verb)
    if (known) return known
    const fresh: Measurement = { candidate, verb, samples: [] }
    all.push(fresh)
    return fresh
  }
  const observe: Observer = (candidate, verb, { sample, failure }) => {
    const measurement = of(candidate, verb)
    measurement.samples.push(sample)
    measurement.failure ??= failure
  }
  return { measurements: { all, of }, observe }
}
