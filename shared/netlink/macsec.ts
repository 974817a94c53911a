/** macsec: links that protect the frames to and from their peers (IEEE 802.1AE, drivers/net/macsec.c). */

import { parseAttributes, putU8, putU32, type StreamData } from 'netlink/dist/structs.js'
import { wordsOf } from './command.ts'
import type { LinkSpec } from './link.ts'

/** Numbers in the identifiers of cipher suites (MACSEC_CIPHER_ID_*, include/uapi/linux/if_macsec.h). */
const suites = { 'GCM-AES-128': 1, 'GCM-AES-256': 2, 'GCM-AES-XPN-128': 3, 'GCM-AES-XPN-256': 4 } as const

export type CipherSuite = keyof typeof suites

/** enum macsec_validation_type, enum macsec_offload: words in the order of their numbers. */
const validations = ['disabled', 'check', 'strict'] as const
const offloads = ['off', 'phy', 'mac'] as const

export interface MacsecOptions {
  /** Secure channel identifier: 16 hexadecimal digits, usually a MAC address and a port. */
  sci: string
  cipherSuite: CipherSuite
  /** Replay window: the number of packets by which a frame may be late. */
  window: number
  /** The association number for sending. */
  encodingSa: number
  encrypt: boolean
  protect: boolean
  sendSci: boolean
  endStation: boolean
  scb: boolean
  replayProtect: boolean
  validate: (typeof validations)[number]
  offload: (typeof offloads)[number]
}

interface Row<Value> {
  /** IFLA_MACSEC_*, include/uapi/linux/if_link.h. */
  type: number
  /** The word of `ip link`. */
  word: string
  format(value: Value): Uint8Array
  parse(data: Buffer): Value
}

const flag = (type: number, word: string): Row<boolean> => ({
  type,
  word,
  format: (value) => putU8(Number(value)),
  parse: (data) => data[0] === 1,
})

function oneOf<Word extends string>(type: number, word: string, words: readonly Word[]): Row<Word> {
  return {
    type,
    word,
    format: (value) => putU8(words.indexOf(value)),
    parse: (data) => words[data[0] ?? 0] as Word,
  }
}

const options: { [Name in keyof MacsecOptions]: Row<MacsecOptions[Name]> } = {
  sci: { type: 1, word: 'sci', format: sciBytes, parse: (data) => data.toString('hex') },
  cipherSuite: { type: 4, word: 'cipher', format: suiteBytes, parse: parseSuite },
  window: { type: 5, word: 'window', format: putU32, parse: (data) => data.readUInt32LE(0) },
  encodingSa: { type: 6, word: 'encodingsa', format: putU8, parse: (data) => data[0] ?? 0 },
  encrypt: flag(7, 'encrypt'),
  protect: flag(8, 'protect'),
  sendSci: flag(9, 'send_sci'),
  endStation: flag(10, 'end_station'),
  scb: flag(11, 'scb'),
  replayProtect: flag(12, 'replay'),
  validate: oneOf(13, 'validate', validations),
  offload: oneOf(15, 'offload', offloads),
}

const names = Object.keys(options) as (keyof MacsecOptions)[]

/** The secure channel identifier of a MAC address and a port. */
export function sciOf(mac: string, port: number): string {
  return mac.replaceAll(':', '').toLowerCase() + port.toString(16).padStart(4, '0')
}

/** A secure channel identifier as bytes, in the order of the digits. */
export function sciBytes(sci: string): Buffer {
  return Buffer.from(sci, 'hex')
}

/** 00-80-C2-00-01-00-00-NN, the last byte first. */
function suiteBytes(suite: CipherSuite): Buffer {
  return Buffer.from([suites[suite], 0, 0, 1, 0, 0xc2, 0x80, 0])
}

/** For GCM-AES-128 the kernel sends another identifier (MACSEC_DEFAULT_CIPHER_ID), whose last byte is the same. */
function parseSuite(data: Buffer): CipherSuite {
  const found = Object.entries(suites).find(([, number]) => number === data[0])
  return (found?.[0] ?? `unknown ${data.toString('hex')}`) as CipherSuite
}

export function isExtended(suite: CipherSuite): boolean {
  return suite.includes('XPN')
}

/** The length of a suite's keys, in bytes. */
export function keyLength(suite: CipherSuite): number {
  return suite.endsWith('256') ? 32 : 16
}

/** `ip link add link PARENT NAME type macsec sci SCI cipher …` */
export function macsecKind(wanted: MacsecOptions): Pick<LinkSpec, 'kind' | 'data' | 'words'> {
  const given = names.filter((name) => isGiven(name, wanted))
  const data: StreamData = (out) => {
    for (const name of given) out.push(options[name].type, rowOf(name).format(wanted[name]))
  }
  return {
    kind: 'macsec',
    data,
    words: wordsOf(Object.fromEntries(given.map((name) => [options[name].word, wanted[name]]))).toLowerCase(),
  }
}

/** Without sendSci the kernel chooses the identifier. Offload `off` is the default, and older kernels refuse the attribute. */
function isGiven(name: keyof MacsecOptions, { sendSci, offload }: MacsecOptions): boolean {
  return name === 'sci' ? sendSci : name !== 'offload' || offload !== 'off'
}

/** A row, without the type of its values. */
function rowOf(name: keyof MacsecOptions): Row<unknown> {
  return options[name] as Row<unknown>
}

/** A macsec link's options, from its `data`. */
export function parseMacsec(data: Buffer): Partial<MacsecOptions> {
  const found: Record<string, unknown> = {}
  parseAttributes(data, ({ type, data: value }) => {
    const name = names.find((candidate) => options[candidate].type === type)
    if (name) found[name] = rowOf(name).parse(value)
  })
  return found
}
