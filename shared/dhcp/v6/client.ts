/** A client of DHCPv6, and its messages (RFC 8415 section 18.2). */

import type { Address } from '../../ip/address.ts'
import { encodeName, isDomainName } from '../../ip/names.ts'
import { iaOption } from './ia.ts'
import { encodeMessage, type MessageType } from './message.ts'
import { type Option, type OptionName, option, optionTypes, u16 } from './options.ts'

/** The same in each exchange for a lease. */
export interface Client6 {
  duid: Buffer
  /** The number of the interface among the client's, 32 bits (RFC 8415 section 12). */
  iaid: number
  /** From 0 to below 1. */
  random(): number
  /** That the server may put into DNS; one that is no domain name is not sent. */
  hostname?: string
}

/** What is asked of the network: one transaction, whose answer has its number, also when it is sent again. */
export interface Question {
  client: Client6
  type: MessageType
  transaction: number
  /** The DUID of the server that is asked, hexadecimal; any, when it is missing. */
  server?: string
  /** What the message has besides the identifiers and the time. */
  options: Option[]
}

/** @param options what the message has besides the identifiers and the time */
export function question(client: Client6, type: MessageType, options: Option[], server?: string): Question {
  return { client, type, transaction: Math.floor(client.random() * 0x1000000), options, server }
}

/** The bytes of a question. @param elapsed since it was sent first, milliseconds */
export function payloadOf({ client, type, transaction, server, options }: Question, elapsed = 0): Buffer {
  const identifiers = [
    option('CLIENTID', client.duid),
    ...(server === undefined ? [] : [option('SERVERID', Buffer.from(server, 'hex'))]),
  ]
  const time = option('ELAPSED_TIME', u16(Math.min(0xffff, Math.floor(elapsed / 10))))
  return encodeMessage({ type, transaction, options: [...identifiers, time, ...options] })
}

/** The options by which a client asks for addresses, and for what belongs to them. @param addresses that it has, or had */
export function wanted(client: Client6, addresses: readonly Address[] = []): Option[] {
  const names: OptionName[] = ['DNS_SERVERS', 'DOMAIN_LIST', 'SOL_MAX_RT']
  const name = fqdn(client.hostname)
  const request: OptionName[] = name.length > 0 ? [...names, 'CLIENT_FQDN'] : names
  return [iaOption(client.iaid, addresses), requestOf(request), ...name]
}

/** The options that the server shall send. */
export function requestOf(names: readonly OptionName[]): Option {
  return option('ORO', Buffer.concat(names.map((name) => u16(optionTypes[name].code))))
}

/** The server shall put name and addresses into DNS (flag S). A name without a dot is below a domain that the server knows (RFC 4704 section 4). */
function fqdn(hostname = ''): Option[] {
  if (!isDomainName(hostname)) return []
  const isPartial = !hostname.includes('.')
  return [option('CLIENT_FQDN', Buffer.concat([Buffer.from([1]), encodeName(hostname, isPartial)]))]
}
