/** Runs every step of a DEL, also after a failure, and throws all failures as one error at the end. */

import { CniError, toCniError } from './error.ts'

/**
 * Runs every step, also when others fail.
 * @throws CniError of the first failure, with the other failures in `also`
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

/** The same for synchronous steps. */
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
  const { also: nested = [] } = first.complaint
  const also = [...nested, ...others.map(({ complaint }) => complaint)]
  throw new CniError(first.code, { ...first.complaint, also, cause: first })
}
