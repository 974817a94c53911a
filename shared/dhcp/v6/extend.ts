/** How a client keeps its addresses: RENEW and REBIND (RFC 8415 sections 18.2.4 and 18.2.5). Each is one send: the caller says when the next is. */

import { type Exchange, type Seen, step } from '../exchange.ts'
import type { Lease6 } from '../lease.ts'
import { type Client6, payloadOf, type Question, question, wanted } from './client.ts'
import { addressesOf } from './lease.ts'
import { MessageType } from './message.ts'
import { type Outcome6, outcomeIn } from './outcome.ts'

export interface Attempt {
  /** How long an answer is waited for. */
  milliseconds: number
  /** Since the first attempt, milliseconds: servers see how long a client waits. Default: this is the first. */
  elapsed?: number
}

/** From T1 on: the server that gave the lease is asked for more time. On 'refused' the caller goes on with `request` (NoBinding), then `solicit`. */
export function* renew(client: Client6, lease: Lease6, attempt: Attempt, seen: Seen): Exchange<Outcome6> {
  const options = wanted(client, addressesOf(lease))
  return yield* send(question(client, MessageType.RENEW, options, lease.server), attempt, outcomeIn, seen)
}

/** From T2 on: any server is asked. */
export function* rebind(client: Client6, lease: Lease6, attempt: Attempt, seen: Seen): Exchange<Outcome6> {
  const options = wanted(client, addressesOf(lease))
  return yield* send(question(client, MessageType.REBIND, options), attempt, outcomeIn, seen)
}

function* send(
  asked: Question,
  { milliseconds, elapsed }: Attempt,
  read: (payload: Buffer, asked: Question, seen: Seen) => Outcome6,
  seen: Seen,
): Exchange<Outcome6> {
  const datagram = { payload: payloadOf(asked, elapsed) }
  return yield* step({ send: datagram, milliseconds, read: (payload) => read(payload, asked, seen) })
}
