/** REQUEST: a client takes what a server has offered, or asks it again for a lease that it has forgotten (RFC 8415 section 18.2.2). */

import { type Exchange, type Seen, step } from '../exchange.ts'
import type { Lease6 } from '../lease.ts'
import { type Client6, payloadOf, question, wanted } from './client.ts'
import { addressesOf } from './lease.ts'
import { MessageType } from './message.ts'
import { type Outcome6, outcomeIn } from './outcome.ts'
import { nextWait, waits } from './retransmit.ts'

/** Then another server is asked, if there is one: sooner than after the ten times of RFC 8415 section 7.6. */
const MOST = 2

export interface RequestOptions {
  /** How long it may take at most. */
  milliseconds: number
  now(): number
}

/** Asks a server for addresses. @param lease its offer, or what the client had from it: server and addresses are used */
export function* request(
  client: Client6,
  lease: Pick<Lease6, 'server' | 'addresses'>,
  { milliseconds, now }: RequestOptions,
  seen: Seen,
): Exchange<Outcome6> {
  const asked = question(client, MessageType.REQUEST, wanted(client, addressesOf(lease)), lease.server)
  const read = (payload: Buffer) => outcomeIn(payload, asked, seen)
  const [begin, end] = [now(), now() + milliseconds]
  let wait: number | undefined
  for (let sent = 0; sent < MOST && now() < end; sent++) {
    wait = nextWait(client, waits.request, wait)
    const send = { payload: payloadOf(asked, now() - begin) }
    const outcome = yield* step({ send, milliseconds: Math.min(wait, end - now()), read })
    if (outcome) return outcome
  }
  return undefined
}
