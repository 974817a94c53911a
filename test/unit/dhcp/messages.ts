/** Messages of a DHCPv4 server for tests, and clients. */

import type { Client4 } from '../../../shared/dhcp/v4/client.ts'
import {
  BOOTREPLY,
  encodeMessage,
  type Message4,
  MessageType,
  parseMessage,
  unspecified,
} from '../../../shared/dhcp/v4/message.ts'
import { codeOf, type OptionName } from '../../../shared/dhcp/v4/options.ts'
import { type Address, parseAddress, toBytes } from '../../../shared/ip/address.ts'
import { parseMac } from '../../../shared/ip/mac.ts'

export const address = (text: string): Address => parseAddress(text) as Address

/** The bytes of addresses. */
export const addresses = (...texts: string[]): Buffer =>
  Buffer.concat(texts.map((text) => toBytes(address(text))))

/** A value of 4 bytes. */
export function longOf(number: number): Buffer {
  const value = Buffer.alloc(4)
  value.writeUInt32BE(number)
  return value
}

export const clientMac = parseMac('02:00:5e:10:00:01') as Buffer

export function client(more: Partial<Client4> = {}): Client4 {
  const clientId = Buffer.from('\0container/net/eth0')
  return {
    mac: clientMac,
    random: () => 0.5,
    clientId,
    broadcast: false,
    request: [1, 3],
    provide: [],
    ...more,
  }
}

type Values = Partial<Record<OptionName, Buffer>>

export interface Answer {
  type: keyof typeof MessageType
  server?: string
  yiaddr?: string
  options?: Values
  header?: Partial<Message4>
}

/** What a good server says besides the address. */
const usual: Values = { 'subnet-mask': addresses('255.255.255.0'), 'dhcp-lease-time': longOf(3600) }

/** The server's answer to a client's message, as a message. */
export function answerTo(asked: Buffer, answer: Answer): Message4 {
  const { xid, mac } = parseMessage(asked) as Message4
  const { type, server = '10.0.0.1', yiaddr = '10.0.0.9', options = {}, header } = answer
  const values: Values = {
    'dhcp-message-type': Buffer.from([MessageType[type]]),
    ...(server && { 'dhcp-server-identifier': addresses(server) }),
    ...(type !== 'NAK' && usual),
    ...options,
  }
  return {
    op: BOOTREPLY,
    xid,
    secs: 0,
    broadcast: false,
    ciaddr: unspecified,
    yiaddr: address(type === 'NAK' ? '0.0.0.0' : yiaddr),
    siaddr: unspecified,
    giaddr: unspecified,
    mac,
    options: optionsOf(values),
    ...header,
  }
}

export function optionsOf(values: Values): Map<number, Buffer> {
  return new Map(Object.entries(values).map(([name, value]) => [codeOf(name as OptionName), value]))
}

export const bytesOf = (asked: Buffer, answer: Answer): Buffer => encodeMessage(answerTo(asked, answer))

/** A message that a client sent, in short. */
export function described(payload: Buffer): Record<string, unknown> {
  const message = parseMessage(payload) as Message4
  const text = (name: OptionName) => message.options.get(codeOf(name))?.join('.')
  const type = message.options.get(codeOf('dhcp-message-type'))?.[0]
  const all = {
    type: Object.entries(MessageType).find(([, number]) => number === type)?.[0],
    ciaddr: message.ciaddr.value === 0n ? undefined : toBytes(message.ciaddr).join('.'),
    wanted: text('dhcp-requested-address'),
    server: text('dhcp-server-identifier'),
    secs: message.secs || undefined,
    broadcast: message.broadcast || undefined,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}
