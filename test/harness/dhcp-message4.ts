/** Messages of DHCP (RFC 2131) as a test sees them, and those that it makes. They are read and made without the product's codecs. */

import { formatAddress, fromBytes, parseAddress, toBytes } from '../../shared/ip/address.ts'
import { formatMac } from '../../shared/ip/mac.ts'

/** RFC 2132 section 9.6, from 1. */
const types = ['DISCOVER', 'OFFER', 'REQUEST', 'DECLINE', 'ACK', 'NAK', 'RELEASE', 'INFORM'] as const
export type Type4 = (typeof types)[number]

export interface Message4 {
  type: Type4 | undefined
  /** Hexadecimal. */
  xid: string
  secs: number
  isBroadcast: boolean
  ciaddr: string
  yiaddr: string
  giaddr: string
  mac: string
  hostname?: string
  requested?: string
  server?: string
  /** Hexadecimal, with the type in front (RFC 2132 section 9.14). */
  clientId?: string
  /** Hexadecimal, by number; parts of one option are joined (RFC 3396). */
  options: Record<number, string>
}

const [cookie, first] = ['63825363', 240]

/** Reads a message; undefined for other bytes. */
export function decode4(payload: Buffer): Message4 | undefined {
  if (payload.length < first || payload.toString('hex', 236, first) !== cookie) return undefined
  const options = optionsOf(payload)
  const bytes = (code: number) => (code in options ? Buffer.from(options[code] ?? '', 'hex') : undefined)
  const quad = (code: number) => ((value) => value?.length === 4 && addressAt(value, 0))(bytes(code))
  const address = (at: number) => addressAt(payload, at)
  return {
    type: types[(bytes(53)?.[0] ?? 0) - 1],
    xid: payload.toString('hex', 4, 8),
    secs: payload.readUInt16BE(8),
    isBroadcast: payload.readUInt16BE(10) >= 0x8000,
    ciaddr: address(12),
    yiaddr: address(16),
    giaddr: address(24),
    mac: formatMac(payload.subarray(28, 34)),
    hostname: bytes(12)?.toString(),
    requested: quad(50) || undefined,
    server: quad(54) || undefined,
    clientId: options[61],
    options,
  }
}

function addressAt(bytes: Buffer, at: number): string {
  return formatAddress(fromBytes(Buffer.from(bytes.subarray(at, at + 4))))
}

function optionsOf(payload: Buffer): Record<number, string> {
  const options: Record<number, string> = {}
  for (let at = first; at < payload.length && payload[at] !== 255; ) {
    const [code = 0, length = 0] = payload.subarray(at)
    if (code === 0) at++
    else {
      options[code] = (options[code] ?? '') + payload.toString('hex', at + 2, at + 2 + length)
      at += 2 + length
    }
  }
  return options
}

/** What a message is made of, hexadecimal where no address is meant. What stands in braces a hostile server takes from what it answers. */
export interface Form4 {
  type: Type4
  /** 1 for a client's message, 2 for a server's. */
  op?: number
  xid?: string
  chaddr?: string
  flags?: string
  ciaddr?: string
  yiaddr?: string
  siaddr?: string
  giaddr?: string
  /** Number and content, besides the type; 2 bytes say more than 255. */
  options?: readonly (readonly [number, string])[]
}

/** A message's bytes, hexadecimal; with `{xid}` and `{chaddr}` unless these are given. */
export function encode4(form: Form4): string {
  const quad = (text = '0.0.0.0') => quads(text)
  const { xid = '{xid}', chaddr = '{chaddr}', flags = '0000' } = form
  const head = `${byte(form.op ?? 2)}010600${xid}0000${flags}`
  const addresses = [form.ciaddr, form.yiaddr, form.siaddr, form.giaddr].map(quad).join('')
  const whole = [[53, byte(types.indexOf(form.type) + 1)] as const, ...(form.options ?? [])]
  const options = whole.map(([code, content]) => byte(code) + byte(content.length / 2) + content).join('')
  return `${head}${addresses}${chaddr}${'00'.repeat(10 + 64 + 128)}${cookie}${options}ff`
}

/** Addresses as the content of an option: `quads('10.0.0.1', '10.0.0.2')`. @throws for other text */
export function quads(...texts: string[]): string {
  return texts
    .map((text) => {
      const address = parseAddress(text)
      if (address?.family !== 4) throw new Error(`no IPv4 address: ${text}`)
      return toBytes(address).toString('hex')
    })
    .join('')
}

/** 32 bits as the content of an option: a time in seconds. */
export function seconds(value: number): string {
  return value.toString(16).padStart(8, '0')
}

function byte(value: number): string {
  return (value & 255).toString(16).padStart(2, '0')
}
