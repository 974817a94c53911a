/** A client gets a lease: DISCOVER, OFFER, REQUEST, ACK (RFC 2131 section 3.1), or DISCOVER and ACK alone (RFC 4039). */

import { type Address, formatAddress } from '../../ip/address.ts'
import { type Exchange, note, type Seen, step } from '../exchange.ts'
import { addressOption, asking, type Client4, newXid } from './client.ts'
import { type Leased4, serverOf } from './lease.ts'
import { codeOf, type OptionValue } from './options.ts'
import { type Asker, isOf, type Reply, replyOf, verdictOf } from './reply.ts'
import { isUnicast } from './values.ts'
import { begin, type Deadline, type Limit, pause, waitFor } from './waiting.ts'

interface Wish {
  rapidCommit: boolean
  /** An address that the client would like, as one that it had before. */
  wanted?: Address
}

export interface Acquire extends Wish, Limit {}

interface Offer {
  address: Address
  server: Address
}

/** One course from DISCOVER. */
interface Course extends Asker, Wish {
  deadline: Deadline
  /** When the client began. */
  began: number
  /** Of the last DISCOVER; the REQUEST has the same (RFC 2131 section 4.4.1). */
  secs: number
  /** Servers that offered and then gave nothing, or refused twice: taken only when no other offers. */
  avoided: ReadonlySet<string>
}

/** Several REQUESTs of one offer; then its server is given up. */
const mostRequests = 3

/** @returns undefined when the time is over; `seen` has what came instead. Before a server is asked anew there is a pause, so NAKs make no storm. */
export function* acquire(client: Client4, how: Acquire, seen: Seen): Exchange<Leased4 | undefined> {
  const [began, deadline] = [how.now(), begin(how)]
  const [avoided, refused] = [new Set<string>(), new Set<string>()]
  for (let failures = 0; how.now() < deadline.end; failures++) {
    const course = { ...how, client, seen, xid: newXid(client), deadline, began, secs: 0, avoided }
    const found = yield* discover(course)
    if (!found || 'lease' in found) return found
    const answer = yield* request(course, found)
    if (typeof answer === 'object') return answer
    const server = formatAddress(found.server)
    if (answer !== 'refused' || refused.has(server)) avoided.add(server)
    refused.add(server)
    if (answer) yield* pause(failures, client, deadline)
  }
  return undefined
}

/** The first offer of a server that is not avoided; when the time to send again has come, of any. */
function* discover(course: Course): Exchange<Offer | Leased4 | undefined> {
  const { client, deadline } = course
  for (let sends = 0; deadline.now() < deadline.end; sends++) {
    const held: Offer[] = []
    course.secs = Math.floor((deadline.now() - course.began) / 1000)
    const found = yield* step({
      send: { payload: asking(client, 'DISCOVER', { ...course, options: wishes(course) }) },
      milliseconds: waitFor(sends, client, deadline),
      read: (payload) => readOffer(payload, course, held),
    })
    if (found ?? held[0]) return found ?? held[0]
  }
  return undefined
}

function wishes({ wanted, rapidCommit }: Course): OptionValue[] {
  return [
    ...(wanted ? [addressOption('dhcp-requested-address', wanted)] : []),
    ...(rapidCommit ? [[codeOf('rapid-commit'), Buffer.alloc(0)] as OptionValue] : []),
  ]
}

function readOffer(payload: Buffer, course: Course, held: Offer[]): Offer | Leased4 | undefined {
  const reply = replyOf(payload, course)
  if (reply && reply.kind !== 'OFFER') return readCommit(reply, course)
  const offer = reply && offerOf(reply, course.seen)
  if (!offer || !course.avoided.has(formatAddress(offer.server))) return offer
  held[0] ??= offer
  return undefined
}

/** An ACK to a DISCOVER counts only with the option that asked for it (RFC 4039 section 3.1). */
function readCommit(reply: Reply, { rapidCommit, seen }: Course): Leased4 | undefined {
  if (reply.kind === 'ACK' && rapidCommit && reply.message.options.has(codeOf('rapid-commit'))) {
    const verdict = verdictOf(reply, seen)
    return typeof verdict === 'object' ? verdict : undefined
  }
  note(seen, `${reply.name}, but no OFFER`)
  return undefined
}

function offerOf({ message, name }: Reply, seen: Seen): Offer | undefined {
  const [address, server] = [message.yiaddr, serverOf(message)]
  if (server && isUnicast(address)) return { address, server }
  note(seen, `${name}: it offers ${formatAddress(address)}, and cannot be taken`)
  return undefined
}

/** The offer is named by its server's identifier, so that the others take theirs back (RFC 2131 section 4.3.2). */
function* request(
  course: Course,
  { address, server }: Offer,
): Exchange<Leased4 | 'refused' | 'unusable' | undefined> {
  const { client, deadline } = course
  const options = [
    addressOption('dhcp-requested-address', address),
    addressOption('dhcp-server-identifier', server),
  ]
  const payload = asking(client, 'REQUEST', { ...course, options })
  for (let sends = 0; sends < mostRequests && deadline.now() < deadline.end; sends++) {
    const answer = yield* step({
      send: { payload },
      milliseconds: waitFor(sends, client, deadline),
      read: (received) => readAnswer(received, course, formatAddress(server)),
    })
    if (answer) return answer
    note(course.seen, `OFFER of ${formatAddress(server)}, which does not answer a REQUEST`)
  }
  return undefined
}

/** Offers of other servers still come in. */
function readAnswer(
  payload: Buffer,
  course: Course,
  server: string,
): Leased4 | 'refused' | 'unusable' | undefined {
  const reply = replyOf(payload, course)
  if (!reply || reply.kind === 'OFFER' || !isOf(reply, server, course.seen)) return undefined
  return verdictOf(reply, course.seen)
}
