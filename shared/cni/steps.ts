/** DEL cannot get stuck: every step runs, and what failed is told together at the end. */

import { CniError, toCniError } from './error.ts'

/**
 * Runs every step, whatever the others do.
 * @throws CniError with the first failure's code and all messages, when any step failed
 */
export async function runAll(steps: (() => unknown)[]): Promise<void> {
  const failures: CniError[] = []
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      failures.push(toCniError(error))
    }
  }
  throwTogether(failures)
}

/** The same for steps that wait for nothing. */
export function runAllNow(steps: (() => void)[]): void {
  const failures: CniError[] = []
  for (const step of steps) {
    try {
      step()
    } catch (error) {
      failures.push(toCniError(error))
    }
  }
  throwTogether(failures)
}

function throwTogether(failures: CniError[]): void {
  const [first] = failures
  if (!first) return
  if (failures.length === 1) throw first
  const msg = failures.map((failure) => failure.message).join('; ')
  const details = failures
    .map((failure) => failure.details)
    .filter(Boolean)
    .join('; ')
  throw new CniError(first.code, { msg, details, cause: first })
}
