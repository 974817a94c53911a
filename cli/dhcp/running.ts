/** The exchanges under way, each with its socket: what is sent, until when an answer is waited for, and what each comes to. */

import type { Exchange, Step } from '../../shared/dhcp/exchange.ts'
import type { Port } from '../../shared/ipam/dhcp/port.ts'
import type { Fd } from '../../shared/kernel/files.ts'

/** How an exchange ended: with its outcome, or with an error of its socket. */
export type Ended<Outcome> = { outcome: Outcome } | { error: unknown }

interface Running {
  port: Port
  exchange: Exchange<unknown>
  step: Step
  until: number
  /** Until when nothing is read: too much came. */
  rests: number
  ended(how: Ended<unknown>): void
}

export interface Exchanges {
  readonly size: number
  /** Descriptors that are readable when an answer may have come. */
  fds(): Fd[]
  /** When the first of the waits is over; infinite without one. */
  next(): number
  /** @param key one exchange has it at a time @param ended is called when it ends, and not when it is cancelled; it throws nothing */
  start<Outcome>(
    key: string,
    port: Port,
    exchange: Exchange<Outcome>,
    ended: (how: Ended<Outcome>) => void,
  ): void
  has(key: string): boolean
  cancel(key: string): void
  /** Reads what has come, and ends the waits whose time is over. */
  advance(readable: ReadonlySet<Fd>): void
}

/** Datagrams that are read at once, and the pause after so many that are no answer, milliseconds: a flood on one interface costs little time. */
const [mostAtOnce, pauseInFlood] = [32, 20]

/** @param clock milliseconds @param close closes a port's descriptor */
export function newExchanges(clock: () => number, close: (fd: Fd) => void): Exchanges {
  const all = new Map<string, Running>()
  const take = (key: string) => {
    const running = all.get(key)
    all.delete(key)
    if (running) close(running.port.fd)
    return running
  }
  const guarded = (key: string, action: (running: Running) => void) => {
    const running = all.get(key)
    try {
      if (running) action(running)
    } catch (error) {
      take(key)?.ended({ error })
    }
  }
  const begin = (running: Running, step: Step) => {
    running.step = step
    running.until = clock() + step.milliseconds
    if (step.send) running.port.send(step.send)
  }
  const goOn = (key: string, running: Running, answer: unknown) => {
    const { done, value } = running.exchange.next(answer)
    if (done) take(key)?.ended({ outcome: value })
    else begin(running, value)
  }
  const look = (key: string, running: Running, isReadable: boolean) => {
    const answer = isReadable ? answerAt(running, clock) : undefined
    if (answer !== undefined) goOn(key, running, answer)
    else if (clock() >= running.until) goOn(key, running, undefined)
  }
  return {
    get size() {
      return all.size
    },
    fds() {
      const now = clock()
      return [...all.values()].flatMap(({ port, rests }) => (rests > now ? [] : port.fd))
    },
    next() {
      const now = clock()
      const moments = [...all.values()].map(({ until, rests }) =>
        rests > now ? Math.min(until, rests) : until,
      )
      return moments.reduce((first, one) => Math.min(first, one), Number.POSITIVE_INFINITY)
    },
    start(key, port, exchange, ended) {
      take(key)
      all.set(key, { port, exchange, step: nothing, until: 0, rests: 0, ended: ended as Running['ended'] })
      guarded(key, (running) => goOn(key, running, undefined))
    },
    has: (key) => all.has(key),
    cancel: (key) => void take(key),
    advance(readable) {
      for (const [key, { port }] of [...all])
        guarded(key, (running) => look(key, running, readable.has(port.fd)))
    },
  }
}

const nothing: Step = { milliseconds: 0, read: () => undefined }

function answerAt(running: Running, clock: () => number): unknown {
  const { port, step } = running
  for (let read = 0; read < mostAtOnce; read++) {
    const payload = port.read()
    if (!payload) return undefined
    const answer = step.read(payload)
    if (answer !== undefined) return answer
  }
  running.rests = clock() + pauseInFlood
  return undefined
}
