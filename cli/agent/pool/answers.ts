/**
 * The agent's answers to other hosts: grants, and what is free again. They need no lock of this host, and wait for no work that does: an ADD
 * here may have the lock while it waits for the host that asks.
 */

import { grantSingles, takeBack } from '../../../shared/store/claims/grant.ts'
import type { Holdings } from '../../../shared/store/memory.ts'
import { type Worker, worker } from '../worker.ts'
import { both, type Duties, noDuties } from './duties.ts'
import { lentIn } from './lent.ts'
import { type Attempt, attempting, type Doing, thrownOf } from './pass.ts'

export interface Answers extends Pick<Worker, 'now' | 'stop'> {
  /** Adds to what is to be answered. @param within time, milliseconds */
  ask(duties: Partial<Duties>, within: number): void
}

/**
 * @param holdings of this host's networks
 * @param done is told that the store has answered; failed: of each failure
 */
export function answersOf(
  doing: Doing,
  holdings: () => readonly Holdings[],
  done: () => void,
  failed: (error: unknown) => void,
): Answers {
  let duties: Duties = noDuties
  const answer = async () => {
    const due = duties
    duties = noDuties
    const { attempt, failures } = attempting(doing.states)
    try {
      await answerAll(doing, holdings(), due, attempt)
      done()
    } catch (error) {
      failures.push(error)
    }
    if (failures.length === 0) return
    duties = both(duties, due)
    throw thrownOf(failures)
  }
  const { soon, now, stop } = worker(answer, failed)
  return {
    ask({ grant, takeBack: free }, within) {
      duties = both(duties, { ...(grant && { grant }), ...(free && { takeBack: free }) })
      if (duties.grant.size + duties.takeBack.size > 0) soon(within)
    },
    now: () => {
      if (duties.grant.size + duties.takeBack.size > 0) now()
    },
    stop,
  }
}

async function answerAll(
  { hands, counters, log }: Doing,
  all: readonly Holdings[],
  { grant, takeBack: free }: Duties,
  attempt: Attempt,
): Promise<void> {
  for (const pool of grant)
    await attempt(`singles of pool ${pool}`, async () => {
      const granted = await hands.free((host) => grantSingles(host, pool))
      if (granted === 0) return
      counters.add('grants', pool, granted)
      log.info(`pool ${pool}: granted ${granted} addresses of this host to others`)
    })
  for (const pool of free)
    await attempt(`grants of pool ${pool}`, async () => {
      const lent = all.filter((one) => one.pool === pool).flatMap(lentIn)
      if (lent.length === 0) return
      const freed = await hands.free((host) => takeBack(host, pool, lent))
      for (const { address, host } of freed) log.info(`pool ${pool}: host ${host} has given ${address} back`)
      if (freed.length > 0) counters.add('takenBack', pool, freed.length)
    })
}
