/** A client goes on with a lease that it has: INIT-REBOOT, RENEWING and REBINDING (RFC 2131 sections 4.3.2 and 4.4.5). */

import { type Address, parseAddress } from '../../ip/address.ts'
import { parseCidr } from '../../ip/subnet.ts'
import { type Datagram, type Exchange, type Seen, step } from '../exchange.ts'
import type { Lease4 } from '../lease.ts'
import { addressOption, asking, type Client4, newXid } from './client.ts'
import { unspecified } from './message.ts'
import { type Asker, isOf, type Outcome4, replyOf, verdictOf } from './reply.ts'
import { begin, type Limit, waitFor } from './waiting.ts'

/**
 * Asks whether an address can still be used, after a start; sends again until the time is over. A server that does not know the client
 * is silent.
 */
export function* reboot(client: Client4, address: Address, limit: Limit, seen: Seen): Exchange<Outcome4> {
  const deadline = begin(limit)
  const xid = newXid(client)
  const options = [addressOption('dhcp-requested-address', address)]
  for (let sends = 0; deadline.now() < deadline.end; sends++) {
    const secs = Math.floor((limit.milliseconds - (deadline.end - deadline.now())) / 1000)
    const send = { payload: asking(client, 'REQUEST', { xid, secs, options }) }
    const answer = yield* asked(send, waitFor(sends, client, deadline), { client, xid, seen })
    if (answer) return answer
  }
  return undefined
}

/** Asks the lease's own server once, by unicast. @param milliseconds how long it waits */
export function* renew(client: Client4, lease: Lease4, milliseconds: number, seen: Seen): Exchange<Outcome4> {
  const { from, to } = endsOf(lease)
  const xid = newXid(client)
  const payload = asking(client, 'REQUEST', { xid, ciaddr: from })
  return yield* asked({ payload, from, to }, milliseconds, { client, xid, seen }, lease.server)
}

/** Asks any server once, by broadcast from the own address. @param milliseconds how long it waits */
export function* rebind(
  client: Client4,
  lease: Lease4,
  milliseconds: number,
  seen: Seen,
): Exchange<Outcome4> {
  const { from } = endsOf(lease)
  const xid = newXid(client)
  const payload = asking(client, 'REQUEST', { xid, ciaddr: from })
  return yield* asked({ payload, from }, milliseconds, { client, xid, seen })
}

/** The addresses of the client and of the server. */
export function endsOf({ address, server }: Lease4): { from: Address; to: Address } {
  return { from: parseCidr(address)?.address ?? unspecified, to: parseAddress(server) ?? unspecified }
}

/** @param server as text, where only this one's answer counts */
function* asked(send: Datagram, milliseconds: number, asker: Asker, server?: string): Exchange<Outcome4> {
  return yield* step({ send, milliseconds, read: (payload) => readAnswer(payload, asker, server) })
}

function readAnswer(payload: Buffer, asker: Asker, server: string | undefined): Outcome4 {
  const reply = replyOf(payload, asker)
  if (!reply || reply.kind === 'OFFER') return undefined
  if (server !== undefined && !isOf(reply, server, asker.seen)) return undefined
  const verdict = verdictOf(reply, asker.seen)
  return verdict === 'unusable' ? undefined : verdict
}
