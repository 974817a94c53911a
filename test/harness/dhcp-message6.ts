/** Messages of DHCPv6 (RFC 8415) as a test sees them, and those that it makes. They are read and made without the product's codecs. */

import { formatAddress, fromBytes, parseAddress, toBytes } from '../../shared/ip/address.ts'

/** RFC 8415 section 7.3, from 1. */
const types = [
  ...([
    'SOLICIT',
    'ADVERTISE',
    'REQUEST',
    'CONFIRM',
    'RENEW',
    'REBIND',
    'REPLY',
    'RELEASE',
    'DECLINE',
  ] as const),
  ...(['RECONFIGURE', 'INFORMATION-REQUEST', 'RELAY-FORW', 'RELAY-REPL'] as const),
]
export type Type6 = (typeof types)[number]

export interface Message6 {
  type: Type6 | undefined
  /** Hexadecimal. */
  xid: string
  /** DUIDs, hexadecimal. */
  client?: string
  server?: string
  /** Of its IA_NA, hexadecimal. */
  iaids: string[]
  /** In its IA_NA. */
  addresses: string[]
  isRapid: boolean
  /** Hexadecimal, by number. */
  options: Record<number, string[]>
}

/** RFC 8415 section 21. */
const [CLIENTID, SERVERID, IA_NA, IAADDR, RAPID_COMMIT] = [1, 2, 3, 5, 14]

/** Reads a client's or a server's message; undefined for what is shorter than one. Those of relays have neither xid nor IA_NA. */
export function decode6(payload: Buffer): Message6 | undefined {
  if (payload.length < 4) return undefined
  const options = optionsOf(payload.subarray(4))
  const found = (code: number) => options.filter(([one]) => one === code).map(([, content]) => content)
  const text = (code: number) => found(code)[0]?.toString('hex')
  const inside = found(IA_NA).flatMap((content) => optionsOf(content.subarray(12)))
  const addresses = inside.filter(([code, content]) => code === IAADDR && content.length >= 16)
  const all: Record<number, string[]> = {}
  for (const [code, content] of options) all[code] = [...(all[code] ?? []), content.toString('hex')]
  return {
    type: types[(payload[0] ?? 0) - 1],
    xid: payload.toString('hex', 1, 4),
    client: text(CLIENTID),
    server: text(SERVERID),
    iaids: found(IA_NA).map((content) => content.toString('hex', 0, 4)),
    addresses: addresses.map(([, content]) => formatAddress(fromBytes(Buffer.from(content.subarray(0, 16))))),
    isRapid: found(RAPID_COMMIT).length > 0,
    options: all,
  }
}

function optionsOf(bytes: Buffer): [number, Buffer][] {
  const options: [number, Buffer][] = []
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt16BE(at + 2)
    options.push([bytes.readUInt16BE(at), bytes.subarray(at + 4, end)])
    at = end
  }
  return options
}

/** A message's bytes, hexadecimal. @param options number and content, as by `option6` @param xid default: a hostile server takes it from what it answers */
export function encode6(type: Type6, options: readonly string[], xid = '{xid}'): string {
  return hex(types.indexOf(type) + 1, 1) + xid + options.join('')
}

/** An option. `{iaid}` in its content stands for 4 bytes of what a hostile server answers. @param length default: the content's */
export function option6(
  code: number,
  content: string,
  length = content.replaceAll('{iaid}', '00000000').length / 2,
): string {
  return hex(code, 2) + hex(length, 2) + content
}

/** The whole option with the client's DUID, as a hostile server finds it in what it answers. */
export const sameClient = '{client}'

/** IA_NA with one address (RFC 8415 sections 21.4 and 21.6). @param times T1, T2, preferred and valid lifetime, seconds */
export function iaNa(
  address: string,
  times: readonly [number, number, number, number],
  iaid = '{iaid}',
): string {
  const value = parseAddress(address)
  if (value?.family !== 6) throw new Error(`no IPv6 address: ${address}`)
  const [t1, t2, ...lifetimes] = times.map((time) => hex(time, 4))
  return option6(
    IA_NA,
    `${iaid}${t1}${t2}${option6(IAADDR, toBytes(value).toString('hex') + lifetimes.join(''))}`,
  )
}

function hex(value: number, bytes: number): string {
  return value.toString(16).padStart(2 * bytes, '0')
}
