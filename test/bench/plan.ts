/** What the program on the private host is told, and what it answers. */

import type { Candidate } from './candidate.ts'
import type { Scenario, Verb } from './scenarios.ts'
import type { Sample } from './stopwatch.ts'

export interface Plan {
  scenario: Scenario
  candidates: Candidate[]
  stopwatch: string
  /** A directory on disk for the hosts' /var/lib/cni: a real host keeps this state on disk too. */
  state: string
  /** For how many seconds there are rounds, and how many at least and at most. */
  seconds: number
  least: number
  most: number
  /** How often system calls are counted; 0 for not at all. */
  counts: number
  /** System calls that are not counted, by name. */
  uncounted: readonly string[]
}

/** All that was measured of one verb of one candidate. */
export interface Measurement {
  candidate: string
  verb: Verb
  /** One for each round, in the order of the rounds. */
  samples: Sample[]
  /** System calls, when they were counted. */
  calls?: number
  /** The output of the first call that failed. */
  failure?: string
}

/** A scenario and what came of it. */
export interface Outcome {
  scenario: Scenario
  /** The kernel's release. */
  kernel: string
  measurements: Measurement[]
}
