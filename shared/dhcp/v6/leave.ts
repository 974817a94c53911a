/** How a client gives addresses back: RELEASE, DECLINE (RFC 8415 sections 18.2.7 and 18.2.8). No answer is waited for. */

import type { Datagram } from '../exchange.ts'
import type { Lease6 } from '../lease.ts'
import { type Client6, payloadOf, question } from './client.ts'
import { iaOption } from './ia.ts'
import { addressesOf } from './lease.ts'
import { MessageType } from './message.ts'

/** The client does not use the addresses any more. */
export function release(client: Client6, lease: Pick<Lease6, 'server' | 'addresses'>): Datagram {
  return leaving(client, MessageType.RELEASE, lease)
}

/** Another host uses the addresses. @param lease with these addresses alone */
export function decline(client: Client6, lease: Pick<Lease6, 'server' | 'addresses'>): Datagram {
  return leaving(client, MessageType.DECLINE, lease)
}

function leaving(client: Client6, type: MessageType, lease: Pick<Lease6, 'server' | 'addresses'>): Datagram {
  const ia = iaOption(client.iaid, addressesOf(lease))
  return { payload: payloadOf(question(client, type, [ia], lease.server)) }
}
