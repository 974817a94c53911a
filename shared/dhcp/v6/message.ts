/** Messages between a client of DHCPv6 and its servers: type, transaction, options (RFC 8415 section 8). */

import { encodeOptions, type Option, parseOptions } from './options.ts'

/** UDP ports of clients and servers (RFC 8415 section 7.2). */
export const ports = { client: 546, server: 547 } as const

/** Types of messages (RFC 8415 section 7.3). The three that are missing are those of servers and relays among themselves, and RECONFIGURE. */
export const MessageType = {
  SOLICIT: 1,
  ADVERTISE: 2,
  REQUEST: 3,
  CONFIRM: 4,
  RENEW: 5,
  REBIND: 6,
  REPLY: 7,
  RELEASE: 8,
  DECLINE: 9,
  INFORMATION_REQUEST: 11,
} as const

export type MessageType = (typeof MessageType)[keyof typeof MessageType]

export interface Message {
  type: MessageType
  /** 24 bits that the answer repeats. */
  transaction: number
  options: Option[]
}

const HEADER_LENGTH = 4
const types: ReadonlySet<number> = new Set(Object.values(MessageType))

export function encodeMessage({ type, transaction, options }: Message): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH)
  header.writeUInt32BE(transaction)
  header.writeUInt8(type)
  return Buffer.concat([header, encodeOptions(options)])
}

/** @returns undefined for other bytes, among them a relay's message, whose header has another form (RFC 8415 section 9) */
export function parseMessage(payload: Buffer): Message | undefined {
  if (payload.length < HEADER_LENGTH || !types.has(payload.readUInt8(0))) return undefined
  const options = parseOptions(payload.subarray(HEADER_LENGTH))
  const type = payload.readUInt8(0) as MessageType
  return options && { type, transaction: payload.readUInt32BE(0) & 0xffffff, options }
}
