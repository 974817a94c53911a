/** Which messages answer a client, and what they answer. What is not for it is noted, for the error that says what was seen. */

import { formatAddress } from '../../ip/address.ts'
import { note, type Seen } from '../exchange.ts'
import { type Client4, identifier } from './client.ts'
import { type Leased4, leaseOf, serverOf } from './lease.ts'
import { BOOTREPLY, type Message4, MessageType, parseMessage } from './message.ts'
import { optionOf } from './options.ts'
import { shownText } from './values.ts'

/** A client that waits for an answer. */
export interface Asker {
  client: Client4
  xid: number
  seen: Seen
}

export type ReplyKind = 'OFFER' | 'ACK' | 'NAK'

export interface Reply {
  kind: ReplyKind
  message: Message4
  /** `ACK of 10.0.0.1`. */
  name: string
}

/** What a lease is asked for comes to; undefined: no server answered. */
export type Outcome4 = Leased4 | 'refused' | undefined

/** The answer to this client that a payload is; undefined for anything else. */
export function replyOf(payload: Buffer, asker: Asker): Reply | undefined {
  const message = parseMessage(payload)
  if (!message) note(asker.seen, 'a message that is cut off, or none of DHCP')
  const kind = message?.op === BOOTREPLY ? kindOf(message) : undefined
  if (!message || !kind) return undefined
  const server = serverOf(message)
  const name = `${kind} of ${server ? formatAddress(server) : 'a server without identifier'}`
  const why = whyOther(message, asker)
  if (why) note(asker.seen, `${name} ${why}`)
  return why ? undefined : { kind, message, name }
}

const kinds: readonly ReplyKind[] = ['OFFER', 'ACK', 'NAK']

function kindOf({ options }: Message4): ReplyKind | undefined {
  const type = optionOf(options, 'dhcp-message-type')?.[0]
  return kinds.find((kind) => MessageType[kind] === type)
}

/** A server returns the client's identifier, and clients can have the same MAC address (RFC 6842); older servers do not return it. */
function whyOther({ xid, mac, options }: Message4, { client, xid: own }: Asker): string | undefined {
  const [returned, sent] = [optionOf(options, 'dhcp-client-identifier'), identifier(client)]
  if (!mac.equals(client.mac) || (returned && sent && !returned.equals(sent))) return 'for another client'
  return xid === own ? undefined : 'for another request'
}

/** What an ACK or NAK says; `unusable` when the ACK is no lease. */
export function verdictOf({ kind, message, name }: Reply, seen: Seen): Leased4 | 'refused' | 'unusable' {
  if (kind === 'NAK') {
    const text = optionOf(message.options, 'dhcp-message')
    note(seen, text ? `${name}: ${shownText(text)}` : name)
    return 'refused'
  }
  const leased = leaseOf(message)
  if (typeof leased !== 'string') return leased
  note(seen, `${name}: ${leased}`)
  return 'unusable'
}

/** Whether an answer is of a server; another's is noted. @param server its address as text */
export function isOf({ message, name }: Reply, server: string, seen: Seen): boolean {
  const own = serverOf(message)
  if (own && formatAddress(own) === server) return true
  note(seen, `${name}, which was not asked`)
  return false
}
