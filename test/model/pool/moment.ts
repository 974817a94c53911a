/**
 * A protocol of the model, stopped before one of its steps. A generator cannot be copied, so one that has gone on is run again from its start
 * with the answers that it got; each history of answers is run once.
 */

import type { Answer, Protocol, Step } from '../../../shared/store/protocol.ts'

/** What a step gives to the protocol. */
export type Reply = { answer: Answer } | { thrown: Error }

/** A protocol after some replies: its next step, or how it ended. */
export interface Moment<T> {
  /** Different for different moments of all protocols. */
  id: number
  next?: Step
  end?: { result: T } | { error: Error }
  after(reply: Reply): Moment<T>
}

let moments = 0

/** @param start makes the protocol anew, the same each time */
export function begin<T>(start: () => Protocol<T>): Moment<T> {
  const protocol = start()
  return momentOf(start, [], protocol, () => protocol.next())
}

function momentOf<T>(
  start: () => Protocol<T>,
  history: readonly Reply[],
  protocol: Protocol<T>,
  go: () => IteratorResult<Step, T>,
): Moment<T> {
  const children = new Map<string, Moment<T>>()
  const here = stateAfter(go)
  let isFresh = true
  return {
    id: moments++,
    ...here,
    after(reply) {
      const key = 'thrown' in reply ? `thrown ${reply.thrown.name}` : JSON.stringify(reply.answer)
      const known = children.get(key)
      if (known) return known
      // The generator that made this moment stands here until the first reply.
      const current = isFresh ? protocol : replay(start, history)
      isFresh = false
      const moment = momentOf(start, [...history, reply], current, () => give(current, reply))
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
