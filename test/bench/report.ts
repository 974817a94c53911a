/** What a run found, and the figures of it. */

import type { Measurement, Outcome } from './plan.ts'
import type { Verb } from './scenarios.ts'
import { type Ratio, ratioOf, type Summary, summarize } from './statistics.ts'

export interface Report {
  date: string
  /** `patchbay VERSION` */
  ours: string
  references: string[]
  seconds: number
  machine: string
  load: string
  loadAtEnd: string
  outcomes: Outcome[]
}

/** The conditions, a line each. */
export function summaryOf({ outcomes, ...conditions }: Report): string {
  return Object.entries(conditions)
    .map(([key, value]) => `${key}: ${value}`)
    .join('\n')
}

/** The figures of one verb of one candidate. */
export interface Row extends Summary {
  candidate: string
  verb: Verb
  /** System calls. */
  calls?: number
  /** The output of the first call that failed. */
  failure?: string
  /** Compared round by round with the better reference; undefined when there is none, or this is it. */
  ratio?: Ratio
}

/** The figures of a scenario, verb by verb. */
export function rowsOf({ measurements }: Outcome): Row[] {
  return measurements.map(({ samples, ...rest }) => {
    const rival = betterReference(measurements, rest.verb)
    const isRival = rival?.candidate === rest.candidate
    const ratio = rival && !isRival ? ratioOf(samples, rival.samples) : undefined
    return { ...rest, ...summarize(samples), ratio }
  })
}

/** Whether a candidate is a reference: its name is a version. */
export function isReference(name: string): boolean {
  return /\d+\.\d/.test(name)
}

/** The reference with the smaller median. One whose calls failed is none: it did less. */
export function betterReference(measurements: readonly Measurement[], verb: Verb): Measurement | undefined {
  const median = ({ samples }: Measurement) => summarize(samples).p50
  return measurements
    .filter((each) => each.verb === verb && isReference(each.candidate) && each.failure === undefined)
    .sort((a, b) => median(a) - median(b))[0]
}

/** The figures of one verb of one candidate. */
export function rowOf(outcome: Outcome, candidate: string, verb: Verb): Row | undefined {
  return rowsOf(outcome).find((row) => row.candidate === candidate && row.verb === verb)
}
