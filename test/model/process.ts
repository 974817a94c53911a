/**
 * A process of the model: the product's code, stopped before one of its system calls. The code is synchronous, so a process
 * that goes on is run again from its start with the answers that it got. Each history of answers is run once: the histories
 * of one program are a tree. A run goes on with guessed answers, which are mostly right, so that it makes many moments.
 */

import type { SyscallArgument } from '../../engine/engine.ts'
import { onKernel } from './engine.ts'
import { type Answer, deliver, type Operation, operationOf } from './operation.ts'

/** A program: it makes system calls, and returns its outcome. */
export type Program<Outcome> = () => Outcome

/** A program after some answers: its next system call, or its outcome. */
export interface Moment<Outcome> {
  /** Different for different moments of all programs. */
  id: number
  next?: Operation
  outcome?: Outcome
  /** The moment after an answer to `next`. @param guess answers the system calls after it, until it has no answer */
  after(answer: Answer, guess: Guess): Moment<Outcome>
}

export type Guess = (operation: Operation) => Answer | undefined

let moments = 0

/** The beginning of a program. */
export function begin<Outcome>(program: Program<Outcome>, guess: Guess): Moment<Outcome> {
  return momentsOf(program, [], run(program, [], guess))
}

/** What a program did after its history: system calls with guessed answers, then one without an answer, or the outcome. */
interface Run<Outcome> {
  calls: { operation: Operation; answer?: Answer }[]
  outcome?: Outcome
}

function momentsOf<Outcome>(
  program: Program<Outcome>,
  history: readonly Answer[],
  { calls: [first, ...calls], outcome }: Run<Outcome>,
): Moment<Outcome> {
  const children = new Map<string, Moment<Outcome>>()
  const child = (answer: Answer, made: (history: readonly Answer[]) => Run<Outcome>) => {
    const key = `${answer.value} ${answer.bytes ?? ''}`
    const longer = () => [...history, answer]
    const moment = children.get(key) ?? momentsOf(program, longer(), made(longer()))
    children.set(key, moment)
    return moment
  }
  if (first?.answer) child(first.answer, () => ({ calls, outcome }))
  return {
    id: moments++,
    ...(first ? { next: first.operation } : { outcome }),
    after: (answer, guess) => child(answer, (history) => run(program, history, guess)),
  }
}

/** Thrown through the program to leave it. */
const stopped = Symbol('stopped before a system call')

function run<Outcome>(program: Program<Outcome>, history: readonly Answer[], guess: Guess): Run<Outcome> {
  const calls: Run<Outcome>['calls'] = []
  let isStopped = false
  let at = 0
  const answerOf = (number: number, args: readonly SyscallArgument[]) => {
    if (isStopped) return undefined
    if (at < history.length) return history[at++]
    const operation = operationOf(number, args)
    const answer = guess(operation)
    calls.push({ operation, answer })
    return answer
  }
  const kernel = (number: number, args: SyscallArgument[]) => {
    const answer = answerOf(number, args)
    if (answer) return deliver(answer, number, args)
    isStopped = true
    throw stopped
  }
  try {
    const outcome = onKernel(kernel, program)
    return isStopped ? { calls } : { calls, outcome }
  } catch (error) {
    // A program may throw another error while it is left: it is ignored.
    if (isStopped) return { calls }
    throw error
  }
}
