/** A client of DHCPv4, and the messages that it sends (RFC 2131 section 4.4). */

import { type Address, toBytes } from '../../ip/address.ts'
import { BOOTREQUEST, encodeMessage, MessageType, unspecified } from './message.ts'
import { codeOf, type OptionName, type OptionValue } from './options.ts'

export interface Client4 {
  mac: Buffer
  /** From 0 to less than 1: for transaction identifiers and waiting times. */
  random(): number
  /** The value of option 61, the byte of its type included. */
  clientId?: Buffer
  /** Option 12. */
  hostname?: string
  /** Option 60. */
  vendorClass?: string
  /** Servers answer to all: for an interface that shares its MAC address with others, as an ipvlan does. */
  broadcast: boolean
  /** Option 55, the codes that the server is asked for. */
  request: readonly number[]
  /** Further options to send; one replaces the client's own of the same code. */
  provide: readonly OptionValue[]
}

/** What a lease is made of. */
export const usualRequest: readonly number[] = [
  codeOf('subnet-mask'),
  codeOf('classless-static-routes'),
  codeOf('routers'),
  codeOf('static-routes'),
  codeOf('domain-name-servers'),
  codeOf('domain-name'),
  codeOf('domain-search'),
  codeOf('interface-mtu'),
]

/** The header's part that differs between messages, and the options that the exchange needs. */
export interface Sending {
  xid: number
  secs?: number
  ciaddr?: Address
  options?: readonly OptionValue[]
}

/** A transaction identifier. */
export function newXid({ random }: Client4): number {
  return Math.floor(random() * 2 ** 32) >>> 0
}

/** DISCOVER and each kind of REQUEST: with all that describes the client. */
export function asking(client: Client4, type: 'DISCOVER' | 'REQUEST', sending: Sending): Buffer {
  return encode(client, type, [...descriptionOf(client), ...(sending.options ?? [])], sending)
}

/** RELEASE and DECLINE: they have no wishes (RFC 2131 section 4.4.1, table 5). */
export function giving(client: Client4, type: 'RELEASE' | 'DECLINE', sending: Sending): Buffer {
  return encode(client, type, [...identifierOf(client), ...(sending.options ?? [])], sending)
}

/** The broadcast flag is for a client that has no address yet (RFC 2131 section 4.1). */
function encode(
  { mac, broadcast }: Client4,
  type: keyof typeof MessageType,
  options: OptionValue[],
  { xid, secs = 0, ciaddr = unspecified }: Sending,
): Buffer {
  const kind: OptionValue = [codeOf('dhcp-message-type'), Buffer.from([MessageType[type]])]
  return encodeMessage({
    op: BOOTREQUEST,
    xid,
    secs,
    broadcast: broadcast && ciaddr.value === 0n && (type === 'DISCOVER' || type === 'REQUEST'),
    ciaddr,
    yiaddr: unspecified,
    siaddr: unspecified,
    giaddr: unspecified,
    mac,
    options: new Map([kind, ...options]),
  })
}

/** What only the exchange itself says. */
const reserved: readonly OptionName[] = [
  'dhcp-requested-address',
  'dhcp-option-overload',
  'dhcp-message-type',
  'dhcp-server-identifier',
  'dhcp-parameter-request-list',
  'rapid-commit',
]
const reservedCodes = reserved.map(codeOf)

/** A link of IPv6's smallest MTU, 1280, carries it: a packet socket receives no fragments. */
const largestMessage = 1252

function descriptionOf(client: Client4): OptionValue[] {
  const { hostname, vendorClass, request, provide } = client
  const size = Buffer.alloc(2)
  size.writeUInt16BE(largestMessage)
  return [
    ...identifierOf(client),
    [codeOf('dhcp-max-message-size'), size],
    ...requestOption(request),
    ...textOption('host-name', hostname),
    ...textOption('vendor-class-identifier', vendorClass),
    ...provide.filter(([code]) => !reservedCodes.includes(code)),
  ]
}

/** Option 121 is before 3 and 33 (RFC 3442). */
function requestOption(request: readonly number[]): OptionValue[] {
  const classless = codeOf('classless-static-routes')
  const first = request.includes(classless) ? [classless] : []
  const codes = [...first, ...request.filter((code) => code !== classless)]
  return codes.length > 0 ? [[codeOf('dhcp-parameter-request-list'), Buffer.from(codes)]] : []
}

function textOption(name: OptionName, text: string | undefined): OptionValue[] {
  return text ? [[codeOf(name), Buffer.from(text)]] : []
}

function identifierOf(client: Client4): OptionValue[] {
  const id = identifier(client)
  return id ? [[codeOf('dhcp-client-identifier'), id]] : []
}

/** The option 61 that is sent: the one of `provide`, else `clientId`. */
export function identifier({ clientId, provide }: Client4): Buffer | undefined {
  const code = codeOf('dhcp-client-identifier')
  return provide.find(([one]) => one === code)?.[1] ?? clientId
}

/** An option whose value is an address. */
export function addressOption(name: OptionName, address: Address): OptionValue {
  return [codeOf(name), toBytes(address)]
}
