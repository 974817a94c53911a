/** How a client gets addresses: SOLICIT, ADVERTISE, REQUEST, REPLY; with rapid commit SOLICIT, REPLY (RFC 8415 sections 18.2.1 and 18.2.2). */

import { type Datagram, type Exchange, type Seen, step } from '../exchange.ts'
import type { Lease6 } from '../lease.ts'
import { type Client6, payloadOf, type Question, question, wanted } from './client.ts'
import { addressesOf } from './lease.ts'
import { MessageType } from './message.ts'
import { isBetter, isTakenAtOnce, type Offer, offerIn, type Tried } from './offer.ts'
import { option } from './options.ts'
import { request } from './request.ts'
import { nextWait, waits } from './retransmit.ts'

export interface SolicitOptions {
  /** A server that offers it gives the lease at once. */
  rapidCommit?: boolean
  /** Addresses that the client would like to have again. */
  addresses?: readonly string[]
  /** How long the whole may take. */
  milliseconds: number
  now(): number
}

/** After a first offer others are waited for, milliseconds: RFC 8415 section 18.2.1 has a second, which a pod would wait for nothing. */
const GATHERING = 100
/** Servers that offer and refuse are not asked without end. */
const MOST_REQUESTS = 4

/** Asks all servers for addresses until one gives some. The first SOLICIT is not delayed as in RFC 8415: pods do not start all at once. */
export function* solicit(client: Client6, how: SolicitOptions, seen: Seen): Exchange<Lease6 | undefined> {
  const asked = solicitation(client, how)
  const begin = how.now()
  const end = begin + how.milliseconds
  const ever = new Set<string>()
  for (let wait: number | undefined; how.now() < end; ) {
    wait = nextWait(client, waits.solicit, wait)
    const send = { payload: payloadOf(asked, how.now() - begin) }
    const round = { client, asked, send, ever, now: how.now, until: Math.min(how.now() + wait, end), end }
    const lease = yield* oneRound(round, seen)
    if (lease) return lease
  }
  return undefined
}

function solicitation(client: Client6, { rapidCommit, addresses = [] }: SolicitOptions): Question {
  const hints = addressesOf({ addresses: [...addresses] })
  const rapid = rapidCommit ? [option('RAPID_COMMIT')] : []
  return question(client, MessageType.SOLICIT, [...wanted(client, hints), ...rapid])
}

interface Round {
  client: Client6
  asked: Question
  send: Datagram
  /** The servers that have offered and not given, in any round. */
  ever: Set<string>
  now(): number
  /** When the SOLICIT is sent again. */
  until: number
  /** When all ends. */
  end: number
}

/** One SOLICIT, and REQUESTs to servers that offer, the best one first, until one gives a lease or it is time for the next SOLICIT. */
function* oneRound(round: Round, seen: Seen): Exchange<Lease6 | undefined> {
  const tried: Tried = { now: new Set(), ever: round.ever }
  const isOpen = () => tried.now.size < MOST_REQUESTS
  const read = (payload: Buffer) => (isOpen() ? offerIn(payload, round.asked, tried, seen) : undefined)
  let send: Datagram | undefined = round.send
  while (round.now() < round.until) {
    const first: Offer | undefined = yield* step({ send, milliseconds: round.until - round.now(), read })
    if (!first) return undefined
    const best = yield* bestOf(first, read, round)
    for (const servers of [tried.now, tried.ever]) servers.add(best.lease.server)
    const lease = yield* accept(best, round, seen)
    if (lease) return lease
    send = undefined
  }
  return undefined
}

/** The best offer of those that come soon after the first. */
function* bestOf(
  first: Offer,
  read: (payload: Buffer) => Offer | undefined,
  { now, until }: Round,
): Exchange<Offer> {
  const end = Math.min(now() + GATHERING, until)
  let best = first
  while (!isTakenAtOnce(best) && now() < end) {
    const next: Offer | undefined = yield* step({ milliseconds: end - now(), read })
    if (next && isBetter(next, best)) best = next
  }
  return best
}

function* accept(
  { lease, isGiven }: Offer,
  { client, now, end }: Round,
  seen: Seen,
): Exchange<Lease6 | undefined> {
  if (isGiven) return lease
  const outcome = yield* request(client, lease, { milliseconds: end - now(), now }, seen)
  return typeof outcome === 'object' ? outcome.lease : undefined
}
