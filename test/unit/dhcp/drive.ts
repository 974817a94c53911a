/** Runs an exchange against a server that is a function, on a clock of its own: no time passes. */

import type { Datagram, Exchange, Step } from '../../../shared/dhcp/exchange.ts'

export interface Clock {
  now(): number
  time: number
}

export function newClock(): Clock {
  const clock = { time: 1000, now: () => clock.time }
  return clock
}

/** Payloads that come after a datagram, before the next step. */
export type Server = (sent: Datagram, nth: number) => readonly Buffer[]

export interface Driven<Outcome> {
  outcome: Outcome
  sent: Datagram[]
  /** How long each step was to wait, milliseconds. */
  waits: number[]
}

const mostSteps = 10_000
/** An answer comes after this time, milliseconds. */
const delay = 1

export function drive<Outcome>(
  exchange: Exchange<Outcome>,
  server: Server,
  clock = newClock(),
): Driven<Outcome> {
  const [sent, waits]: [Datagram[], number[]] = [[], []]
  let next = exchange.next(undefined)
  for (let steps = 0; !next.done; steps++) {
    if (steps > mostSteps) throw new Error(`more than ${mostSteps} steps`)
    const { send, milliseconds } = next.value
    waits.push(milliseconds)
    if (send) sent.push(send)
    const answer = send && firstAnswer(next.value, server(send, sent.length))
    clock.time += answer === undefined ? milliseconds : delay
    next = exchange.next(answer)
  }
  return { outcome: next.value, sent, waits }
}

function firstAnswer(step: Step, payloads: readonly Buffer[]): unknown {
  for (const payload of payloads) {
    const answer = step.read(payload)
    if (answer !== undefined) return answer
  }
  return undefined
}
