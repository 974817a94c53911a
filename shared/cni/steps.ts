/** DEL cannot get stuck: every step runs, and what failed is told together at the end. */

import { CniError, toCniError } from './error.ts'

/**
 * Runs every step, whatever the others do.
 * @throws CniError of the first failure, which has the others in `also`
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
  const [first, ...others] = failures
  if (!first) return
  if (others.length === 0) throw first
  const also = others.map(({ complaint }) => complaint)
  throw new CniError(first.code, { ...first.complaint, also, cause: first })
}
