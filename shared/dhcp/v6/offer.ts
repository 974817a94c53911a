/** What a server answers to a SOLICIT: an offer (RFC 8415 section 18.2.9), or with rapid commit the lease itself. */

import { note, type Seen } from '../exchange.ts'
import type { Lease6 } from '../lease.ts'
import { type Answer, answerIn, nameOf } from './answer.ts'
import type { Question } from './client.ts'
import { isLease, leaseOf } from './lease.ts'
import { MessageType } from './message.ts'
import { valueIn } from './options.ts'

export interface Offer {
  lease: Lease6
  /** The lease is the client's already. */
  isGiven: boolean
  /** 0 to 255: which server the network prefers (RFC 8415 section 21.8); -1 when the server has offered before, and did not give. */
  preference: number
}

/** The servers of which a REQUEST has got no lease. */
export interface Tried {
  /** Since the last SOLICIT: they are not asked again before the next. */
  now: Set<string>
  /** At any time: another server is asked first. */
  ever: Set<string>
}

/** With this preference no other offer is waited for. */
const HIGHEST = 255

/** The offer in a datagram; undefined when it is none, or has no address that can be used. */
export function offerIn(payload: Buffer, asked: Question, tried: Tried, seen: Seen): Offer | undefined {
  const answer = answerIn(payload, asked, seen)
  if (!answer || tried.now.has(answer.server)) return undefined
  const lease = leaseOf(answer.options, answer.server, asked.client.iaid)
  if (isLease(lease)) return { lease, ...kindOf(answer, tried) }
  note(seen, `${nameOf(answer)} of server ${answer.server} ${lease.why}`)
  return undefined
}

function kindOf({ type, options, server }: Answer, { ever }: Tried): Pick<Offer, 'isGiven' | 'preference'> {
  const preference = ever.has(server) ? -1 : (valueIn(options, 'PREFERENCE')?.[0] ?? 0)
  return { isGiven: type === MessageType.REPLY, preference }
}

export function isTakenAtOnce({ isGiven, preference }: Offer): boolean {
  return isGiven || preference === HIGHEST
}

/** Whether an offer is better than an earlier one: it is given, preferred, or has more addresses. */
export function isBetter(one: Offer, other: Offer): boolean {
  if (one.isGiven !== other.isGiven) return one.isGiven
  if (one.preference !== other.preference) return one.preference > other.preference
  return one.lease.addresses.length > other.lease.addresses.length
}
