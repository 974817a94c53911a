/** What an exchange is run over: a socket that sends datagrams and gives those that come, and the run that waits for them. */

import type { Datagram, Exchange, Step } from '../../dhcp/exchange.ts'
import { now, waitReadable } from '../../kernel/clock.ts'
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

/** Runs an exchange to its end, and waits meanwhile. `patchbay dhcp` does not: it has one loop for all. @throws KernelError of the port */
export function run<Outcome>(port: Port, exchange: Exchange<Outcome>): Outcome {
  let next = exchange.next()
  while (!next.done) next = exchange.next(answerTo(port, next.value))
  return next.value
}

/** Every datagram costs time of the step, so a flood of them does not make it longer. */
function answerTo(port: Port, { send, milliseconds, read }: Step): unknown {
  if (send) port.send(send)
  const end = now() + milliseconds
  for (let left = milliseconds; left > 0; left = end - now()) {
    const payload = waitReadable(port.fd, left) ? port.read() : undefined
    const answer = payload && read(payload)
    if (answer !== undefined) return answer
  }
  return undefined
}
