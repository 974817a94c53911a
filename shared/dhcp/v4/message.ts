/** A message of DHCPv4: the header of BOOTP (RFC 951) and options (RFC 2131 section 2). */

import { type Address, fromBytes, toBytes } from '../../ip/address.ts'
import { encodeOptions, parseOptions } from './option-bytes.ts'
import { type Options, optionOf } from './options.ts'

/** Values of option 53 (RFC 2132 section 9.6). */
export const MessageType = {
  DISCOVER: 1,
  OFFER: 2,
  REQUEST: 3,
  DECLINE: 4,
  ACK: 5,
  NAK: 6,
  RELEASE: 7,
  INFORM: 8,
} as const

/** Values of `op`. */
export const BOOTREQUEST = 1
export const BOOTREPLY = 2

export interface Message4 {
  op: typeof BOOTREQUEST | typeof BOOTREPLY
  xid: number
  /** Seconds since the client began. */
  secs: number
  /** The client cannot receive an answer by unicast. */
  broadcast: boolean
  /** The client's own address. */
  ciaddr: Address
  /** The address that the server gives. */
  yiaddr: Address
  siaddr: Address
  /** The relay's address. */
  giaddr: Address
  /** 6 bytes. */
  mac: Buffer
  options: Options
}

export const unspecified: Address = { family: 4, value: 0n }

const HEADER = 240
const [XID, SECS, FLAGS, ADDRESSES, MAC, SNAME, FILE, COOKIE] = [4, 8, 10, 12, 28, 44, 108, 236]
const magicCookie = 0x63825363
const BROADCAST = 0x8000
const ETHERNET = 1
/** A message of BOOTP; some relays drop what is shorter (RFC 1542 section 2.1). */
const SHORTEST = 300

/** At least 300 bytes. */
export function encodeMessage(message: Message4): Buffer {
  const header = Buffer.alloc(HEADER)
  header.set([message.op, ETHERNET, message.mac.length])
  header.writeUInt32BE(message.xid, XID)
  header.writeUInt16BE(Math.min(message.secs, 0xffff), SECS)
  header.writeUInt16BE(message.broadcast ? BROADCAST : 0, FLAGS)
  const { ciaddr, yiaddr, siaddr, giaddr } = message
  header.set(Buffer.concat([ciaddr, yiaddr, siaddr, giaddr].map(toBytes)), ADDRESSES)
  header.set(message.mac, MAC)
  header.writeUInt32BE(magicCookie, COOKIE)
  const bytes = Buffer.concat([header, encodeOptions(message.options)])
  return Buffer.concat([bytes, Buffer.alloc(Math.max(0, SHORTEST - bytes.length))])
}

/** Undefined for what is no message of DHCP for an Ethernet client, and for one that is cut off. */
export function parseMessage(bytes: Buffer): Message4 | undefined {
  if (bytes.length < HEADER || bytes.readUInt32BE(COOKIE) !== magicCookie) return undefined
  const [op, hardware, length] = bytes
  if ((op !== BOOTREQUEST && op !== BOOTREPLY) || hardware !== ETHERNET || length !== 6) return undefined
  const options = optionsOf(bytes)
  return options && { op, ...headerOf(bytes), options }
}

function headerOf(bytes: Buffer): Omit<Message4, 'op' | 'options'> {
  const address = (nth: number) => fromBytes(bytes.subarray(ADDRESSES + 4 * nth, ADDRESSES + 4 * nth + 4))
  return {
    xid: bytes.readUInt32BE(XID),
    secs: bytes.readUInt16BE(SECS),
    broadcast: (bytes.readUInt16BE(FLAGS) & BROADCAST) !== 0,
    ciaddr: address(0),
    yiaddr: address(1),
    siaddr: address(2),
    giaddr: address(3),
    mac: bytes.subarray(MAC, MAC + 6),
  }
}

/** Option 52 says that `file` (1), `sname` (2) or both (3) have options, too (RFC 2131 section 4.1, their order by RFC 3396 section 5). */
function optionsOf(bytes: Buffer): Options | undefined {
  const own = bytes.subarray(HEADER)
  const options = parseOptions([own])
  const overload = (options && optionOf(options, 'dhcp-option-overload')?.[0]) ?? 0
  if (overload < 1 || overload > 3) return options
  const file = overload & 1 ? [bytes.subarray(FILE, COOKIE)] : []
  const sname = overload & 2 ? [bytes.subarray(SNAME, FILE)] : []
  return parseOptions([own, ...file, ...sname])
}
