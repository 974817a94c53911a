/** What an exchange is run over: a socket that sends datagrams and gives those that come, and the run that waits for them. */

import type { Datagram, Exchange, Step } from '../../dhcp/exchange.ts'
import { now, readableOf } from '../../kernel/clock.ts'
import type { Fd } from '../../kernel/files.ts'

export interface Port {
  /** Readable when a datagram may wait. Closing it closes the port. */
  fd: Fd
  /** @throws KernelError */
  send(datagram: Datagram): void
  /** The payload of the next datagram that waits; undefined when none does, or when it is none for a client. @throws KernelError */
  read(): Buffer | undefined
  /** When the last datagram was sent: milliseconds of bootClock(). */
  sentAt?: number
  /** MAC address of the sender of what was read last, where the port sees it. */
  readFrom?: string
}

/** An exchange under way. */
export interface Running<Outcome> {
  port: Port
  exchange: Exchange<Outcome>
  step: Step
  /** When the step's time is over, by now(). */
  until: number
  ended?: { outcome: Outcome } | { error: unknown }
}

/** Sends the first message. An error of the port is thrown by `finish`. */
export function begin<Outcome>(port: Port, exchange: Exchange<Outcome>): Running<Outcome> {
  const running: Running<Outcome> = { port, exchange, step: nothing, until: 0 }
  goOn(running, undefined)
  return running
}

const nothing: Step = { milliseconds: 0, read: () => undefined }

/** Runs an exchange to its end. `patchbay dhcp` does not: it has one loop for all. @throws KernelError of the port */
export function run<Outcome>(port: Port, exchange: Exchange<Outcome>, beside?: Running<unknown>): Outcome {
  return finish(begin(port, exchange), beside)
}

/** Waits for the end of an exchange. @param beside another, which goes on meanwhile @throws KernelError of the port */
export function finish<Outcome>(running: Running<Outcome>, beside?: Running<unknown>): Outcome {
  while (!running.ended) {
    const all = beside && !beside.ended ? [running, beside] : [running]
    const first = Math.min(...all.map(({ until }) => until))
    const readable = readableOf(
      all.map(({ port }) => port.fd),
      first - now(),
    )
    for (const one of all) advance(one, readable)
  }
  if ('error' in running.ended) throw running.ended.error
  return running.ended.outcome
}

/** Every datagram costs time of the step, so a flood of them does not make it longer. */
function advance(running: Running<unknown>, readable: readonly Fd[]): void {
  const payload = guarded(running, () =>
    readable.includes(running.port.fd) ? running.port.read() : undefined,
  )
  const answer = payload && running.step.read(payload)
  if (running.ended) return
  if (answer !== undefined || now() >= running.until) goOn(running, answer)
}

function goOn<Outcome>(running: Running<Outcome>, answer: unknown): void {
  guarded(running, () => {
    const { done, value } = running.exchange.next(answer)
    if (done) running.ended = { outcome: value }
    else {
      Object.assign(running, { step: value, until: now() + value.milliseconds })
      if (value.send) running.port.send(value.send)
    }
  })
}

function guarded<T>(running: Running<unknown>, action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    running.ended = { error }
    return undefined
  }
}
