/** One pass of the pool part: enters the store where that is due, and does what the networks' files and the store ask for. */

import type { Log } from '../../../shared/error/log.ts'
import { usableOf } from '../../../shared/ipam/pool/usable.ts'
import { write } from '../../../shared/store/claims/chain.ts'
import { claimBlock } from '../../../shared/store/claims/claim.ts'
import { enter } from '../../../shared/store/claims/enter.ts'
import type { Network } from '../../../shared/store/claims/host.ts'
import { giveBack } from '../../../shared/store/claims/remove.ts'
import { known } from '../../../shared/store/claims/value.ts'
import type { Holdings } from '../../../shared/store/memory.ts'
import { read, StoreAway } from '../../../shared/store/protocol.ts'
import { epoch as epochSchema } from '../../../shared/store/values.ts'
import type { Hands } from '../../pool/hands.ts'
import { type States, wrongOf } from '../states.ts'
import type { Counters } from './counters.ts'
import type { Duties } from './duties.ts'
import type { Local } from './local.ts'
import type { Pauses } from './pauses.ts'
import type { Task } from './plan.ts'

export interface Doing {
  hands: Hands
  counters: Counters
  states: States
  log: Log
  pauses: Pauses
  /** A random number, 0 or more: where the search for a block begins. */
  random(): bigint
}

/** Does one thing for a subject. @throws StoreAway, which ends the pass */
export type Attempt = (subject: string, action: () => Promise<void>) => Promise<void>

/** A failure is told once, and what follows goes on. */
export function attempting(states: States): { attempt: Attempt; failures: unknown[] } {
  const failures: unknown[] = []
  const attempt: Attempt = async (subject, action) => {
    try {
      await action()
      states.set(subject, undefined)
    } catch (error) {
      if (error instanceof StoreAway) throw error
      failures.push(error)
      states.set(subject, wrongOf(error))
    }
  }
  return { attempt, failures }
}

/** What a worker is told of failures: that the store is away counts more. */
export function thrownOf(failures: readonly unknown[]): unknown {
  return failures.find((one) => one instanceof StoreAway) ?? failures[0]
}

export interface Pass {
  due: Duties
  /** Reads the files again. @param store when it is known by now */
  look(store?: string): void
  attempt: Attempt
  emptyFor: number
}

/** @throws StoreAway */
export async function passOnce(
  doing: Doing,
  local: Local,
  { due, look, attempt, emptyFor }: Pass,
): Promise<void> {
  const store = await enterAll(doing, local.networks(), due, attempt)
  look(store)
  const { pauses, counters, states } = doing
  const { tasks } = local.plan(performance.now(), emptyFor)
  for (const past of pauses.only(new Set(tasks.map(subjectOf)))) states.set(past, undefined)
  for (const task of tasks) {
    const subject = subjectOf(task)
    if (pauses.isPaused(subject, performance.now())) continue
    const { attempt, failures } = attempting(states)
    await attempt(subject, async () => {
      if (!(await perform(doing, task))) local.forget(task)
      pauses.ended(subject)
    })
    if (failures.length === 0) continue
    counters.add('failures', task.holdings.network)
    pauses.failed(subject, performance.now())
  }
  if (tasks.length > 0) look(store)
}

/** The store's own ID, by its key `epoch`: what is to be followed is known before this host's lock is free. */
export async function storeIn({ hands }: Doing): Promise<string | undefined> {
  return await hands.free(function* ({ keys, report }) {
    const { entries } = yield* read({ from: keys.epoch })
    return known(epochSchema, entries[0], report)?.value.store
  })
}

function subjectOf({ holdings: { network }, ...task }: Task): string {
  return `network ${network}: ${task.do === 'claim' ? `a spare block of IPv${task.family}` : 'blocks that go back'}`
}

/** @returns the store's own ID */
async function enterAll(
  { hands, states }: Doing,
  networks: readonly Network[],
  duties: Duties,
  attempt: Attempt,
): Promise<string | undefined> {
  let store: string | undefined
  if (duties.enter || duties.beat)
    await attempt('host', async () => {
      store = await hands.locked(function* (host) {
        const session = yield* enter(host)
        if (duties.beat) yield* write(session)
        return session.epoch.value.store
      })
    })
  for (const network of networks)
    if (duties.beat || duties.reread.has(network.pool))
      await attempt(`network ${network.network}`, async () => {
        const isThere = await hands.locked(function* (host) {
          const session = yield* enter(host, network)
          store = session.epoch.value.store
          return session.pool !== undefined
        })
        states.set(
          `pool ${network.pool}`,
          isThere ? undefined : 'the store has no such pool: patchbay pool create',
        )
      })
  return store
}

/** Claims or gives back. @returns false when a block was not empty after all */
async function perform({ hands, counters, log, random }: Doing, task: Task): Promise<boolean> {
  const { holdings } = task
  const { network } = holdings
  if (task.do === 'claim') {
    const { block } = await hands.locked(function* (host) {
      const session = yield* enter(host, holdings)
      return yield* claimBlock(session, { ...wanted(holdings), usable: usableOf }, task.family, random())
    })
    counters.add('claims', network)
    log.info(`network ${network}: claimed ${block} of pool ${holdings.pool} ahead`)
    return true
  }
  const isDone = await hands.locked(function* (host) {
    const session = yield* enter(host, holdings)
    return yield* giveBack(session, holdings, task.name)
  })
  if (!isDone) return false
  counters.add('returns', network)
  log.info(`network ${network}: gave ${task.name} back to pool ${holdings.pool}`)
  return true
}

const wanted = ({ network, dataDir, pool }: Holdings): Network => ({ network, dataDir, pool })
