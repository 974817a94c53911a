/** What a check of a trial found. */

import { toCniError } from '../../shared/error/error.ts'

export type Outcome = 'passed' | 'failed' | 'not applicable'

export interface Finding {
  check: string
  outcome: Outcome
  reason: string
}

/** What a check answers: a failure, or a success; in words. */
export type Verdict = { outcome: Outcome; reason: string }

export const passed = (reason: string): Verdict => ({ outcome: 'passed', reason })
export const failed = (reason: string): Verdict => ({ outcome: 'failed', reason })
export const inapplicable = (reason: string): Verdict => ({ outcome: 'not applicable', reason })

/** A failure where there is a reason for one. */
export function unless(problem: string | undefined, success: string): Verdict {
  return problem === undefined ? passed(success) : failed(problem)
}

/** Runs a check; an error that it throws is its failure. */
export async function finding(check: string, run: () => Verdict | Promise<Verdict>): Promise<Finding> {
  try {
    return { check, ...(await run()) }
  } catch (error) {
    const { message, complaint } = toCniError(error)
    const { hint } = complaint
    return { check, ...failed(hint ? `${message}; ${hint}` : message) }
  }
}
