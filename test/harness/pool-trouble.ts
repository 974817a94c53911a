/** What happens to a host at each step of a protocol in turn: it is killed, or a request or its answer is lost, or arrives late. */

import type { Protocol, Step } from '../../shared/store/protocol.ts'
import type { MemoryStore } from './memory-connection.ts'
import { killed, type PoolHost, run } from './pool-host.ts'

export const accidents = ['killed', 'lost', 'unanswered', 'late'] as const
export type Accident = (typeof accidents)[number]

/** Whether an accident can happen at a step: what the disk does is neither lost nor late, and a read is only lost. */
function canHappen(accident: Accident, { kind, ...step }: Step): boolean {
  if (accident === 'killed') return true
  const isWrite = kind === 'transact' && 'do' in step && step.do.some((one) => !('range' in one))
  return accident === 'lost' ? ['status', 'range', 'transact'].includes(kind) : isWrite
}

/**
 * Runs a protocol with an accident at one of its steps.
 * @returns false when it has no such step, or the accident cannot happen there
 */
export async function withAccident(
  host: PoolHost,
  protocol: Protocol<unknown>,
  accident: Accident,
  at: number,
): Promise<boolean> {
  let happened = false
  const { store } = host
  host.watch = (step, now) => {
    if (now !== at || !canHappen(accident, step)) return
    happened = true
    if (accident === 'killed') throw killed
    let isNext = true
    const fate = () => {
      const is = isNext ? accident : 'answered'
      isNext = false
      return is
    }
    store.fate = fate
  }
  try {
    await run(host, protocol)
  } catch (error) {
    if (!happened) throw error
  } finally {
    host.watch = () => {}
    store.fate = () => 'answered'
  }
  return happened
}

/** How many steps a protocol takes when nothing happens. */
export async function stepsOf(host: PoolHost, protocol: Protocol<unknown>): Promise<number> {
  let steps = 0
  host.watch = () => void steps++
  await run(host, protocol)
  host.watch = () => {}
  return steps
}

/**
 * Tries each accident at each step of a protocol, each time from the beginning.
 * @param begin makes the hosts as they are before it
 * @param then what must hold afterwards; called with what has arrived late, and without
 */
export async function atEachStep<T extends { store: MemoryStore }>(
  begin: () => Promise<T>,
  protocol: (world: T) => { host: PoolHost; protocol: Protocol<unknown> },
  then: (world: T, what: string) => Promise<void>,
): Promise<number> {
  const first = protocol(await begin())
  const steps = await stepsOf(first.host, first.protocol)
  let tried = 0
  for (const accident of accidents)
    for (let at = 0; at < steps; at++) {
      const world = await begin()
      const { host, protocol: one } = protocol(world)
      if (!(await withAccident(host, one, accident, at))) continue
      tried++
      await then(world, `${accident} at step ${at}`)
    }
  return tried
}
