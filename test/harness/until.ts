/** Waits for conditions. The limit is generous: a busy machine is no failure. */

import { setTimeout as wait } from 'node:timers/promises'

const LIMIT_SECONDS = 30
const POLL_MILLISECONDS = 10

/** Waits until a condition holds. @param what it is, for the error @throws when it does not hold after 30 seconds */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + LIMIT_SECONDS * 1000
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not after ${LIMIT_SECONDS} seconds: ${what}`)
    await wait(POLL_MILLISECONDS)
  }
}
