/**
 * A protocol of the model, stopped before one of its steps. A generator cannot be copied, so one that has gone on is run again from its start
 * with the answers that it got; each history of answers is run once.
 */

import type { Answer, Protocol, Step } from '../../../shared/store/protocol.ts'
import { type Numbers, numbersAfter, numbersOf } from './numbers.ts'

/** What a step gives to the protocol. */
export type Reply = { answer: Answer } | { thrown: Error }

/** A protocol after some replies: its next step, or how it ended. */
export interface Moment<T> {
  /** The same for moments with the same future. */
  numbers: Numbers
  next?: Step
  end?: { result: T } | { error: Error }
  after(reply: Reply): Moment<T>
}

/**
 * @param name the same for protocols that are the same
 * @param start makes the protocol anew, the same each time
 */
export function begin<T>(name: string, start: () => Protocol<T>): Moment<T> {
  const protocol = start()
  return momentOf({ start, history: [], numbers: numbersOf(name) }, protocol, () => protocol.next())
}

/** How a moment was reached. */
interface Way<T> {
  start: () => Protocol<T>
  history: readonly Reply[]
  numbers: Numbers
}

function momentOf<T>(
  { start, history, numbers }: Way<T>,
  protocol: Protocol<T>,
  go: () => IteratorResult<Step, T>,
): Moment<T> {
  const children = new Map<string, Moment<T>>()
  const here = stateAfter(go)
  let isFresh = true
  return {
    numbers,
    ...here,
    after(reply) {
      const key = 'thrown' in reply ? `thrown ${reply.thrown.message}` : JSON.stringify(reply.answer)
      const known = children.get(key)
      if (known) return known
      // The generator that made this moment stands here until the first reply.
      const current = isFresh ? protocol : replay(start, history)
      isFresh = false
      const way = { start, history: [...history, reply], numbers: numbersAfter(numbers, key) }
      const moment = momentOf(way, current, () => give(current, reply))
      children.set(key, moment)
      return moment
    },
  }
}

function stateAfter<T>(go: () => IteratorResult<Step, T>): Pick<Moment<T>, 'next' | 'end'> {
  try {
    const { done, value } = go()
    return done ? { end: { result: value } } : { next: value }
  } catch (error) {
    return { end: { error: error as Error } }
  }
}

function give<T>(protocol: Protocol<T>, reply: Reply): IteratorResult<Step, T> {
  return 'thrown' in reply ? protocol.throw(reply.thrown) : protocol.next(reply.answer)
}

function replay<T>(start: () => Protocol<T>, history: readonly Reply[]): Protocol<T> {
  const protocol = start()
  protocol.next()
  for (const reply of history) give(protocol, reply)
  return protocol
}
