/** How long a client waits for an answer before it sends again. */

import { type Exchange, step } from '../exchange.ts'
import type { Client4 } from './client.ts'

/** How long an exchange may take, by a clock in milliseconds. */
export interface Limit {
  milliseconds: number
  now(): number
}

/** A limit that has begun. */
export interface Deadline {
  end: number
  now(): number
}

export function begin({ milliseconds, now }: Limit): Deadline {
  return { end: now() + milliseconds, now }
}

/**
 * 1, 2, 4, then always 8 seconds, a quarter more or less, and never past the end: containers that begin together do not send together.
 * RFC 2131 section 4.1 begins with 4 seconds, which is long for a container's start.
 */
export function waitFor(sends: number, { random }: Client4, { end, now }: Deadline): number {
  const wait = 1000 * 2 ** Math.min(sends, 3) * (0.75 + random() / 2)
  return Math.max(0, Math.min(wait, end - now()))
}

/** How many pauses are short: dnsmasq offers one address to several clients that ask together, and refuses all but one. */
const shortPauses = 3

/** Waits, whatever comes: three times 1 second, then longer. @param failures from 0 */
export function* pause(failures: number, client: Client4, deadline: Deadline): Exchange<void> {
  const nth = Math.max(0, failures - shortPauses + 1)
  yield* step({ milliseconds: waitFor(nth, client, deadline), read: () => undefined })
}
