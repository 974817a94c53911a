/**
 * A client's side of an exchange with servers is a generator: it says what to send and how long to wait for which answer. Who runs it sends,
 * waits, and gives the answer back: ADD runs one and waits for it, `patchbay dhcp` runs those of all leases at once.
 */

import type { Address } from '../ip/address.ts'

/** A datagram of UDP to send. Without addresses it is from nowhere to all (RFC 2131 section 4.1), or to all servers (RFC 8415 section 7.1). */
export interface Datagram {
  payload: Buffer
  from?: Address
  to?: Address
}

/** Sends, then waits for an answer. */
export interface Step<Answer = unknown> {
  send?: Datagram
  milliseconds: number
  /** The answer that a datagram's payload is; undefined when it is none: the wait goes on. Never throws, whatever the bytes are. */
  read(payload: Buffer): Answer | undefined
}

/** @returns what the exchange came to */
export type Exchange<Outcome> = Generator<Step, Outcome, unknown>

/** One step of an exchange. @returns the answer, or undefined when the time is over */
export function* step<Answer>(one: Step<Answer>): Exchange<Answer | undefined> {
  return (yield one) as Answer | undefined
}

/** What an exchange saw that was no answer, for its error: `OFFER of 10.0.0.1 for another client`. Each sentence once, the first few. */
export interface Seen {
  sentences: string[]
}

const most = 8

export function note({ sentences }: Seen, sentence: string): void {
  if (sentences.length < most && !sentences.includes(sentence)) sentences.push(sentence)
}
