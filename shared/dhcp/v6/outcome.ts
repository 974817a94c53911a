/** What a server's REPLY says of a lease that a client has, or wants. */

import { note, type Seen } from '../exchange.ts'
import type { Lease6 } from '../lease.ts'
import { answerIn, nameOf } from './answer.ts'
import type { Question } from './client.ts'
import { isLease, leaseOf } from './lease.ts'
import { MessageType } from './message.ts'

/** The lease as it is now; or a server has refused: then the addresses are asked for anew. Undefined: no answer, the lease is as it was. */
export type Outcome6 = { lease: Lease6 } | 'refused' | undefined

/**
 * Reads a REPLY with addresses. One without a usable address refuses a REQUEST. A lease that the client has already is refused only when
 * the REPLY says that it is over: after another one the client goes on waiting, and asks again (RFC 8415 section 18.2.10.1).
 */
export function outcomeIn(payload: Buffer, asked: Question, seen: Seen): Outcome6 {
  const answer = answerIn(payload, asked, seen)
  if (!answer) return undefined
  const lease = leaseOf(answer.options, answer.server, asked.client.iaid)
  if (isLease(lease)) return { lease }
  note(seen, `${nameOf(answer)} of server ${answer.server} ${lease.why}`)
  return lease.isOver || asked.type === MessageType.REQUEST ? 'refused' : undefined
}
