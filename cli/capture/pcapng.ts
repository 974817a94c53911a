/** Blocks of a pcapng file (draft-ietf-opsawg-pcapng): tcpdump and Wireshark read it. */

import { SNAPLEN } from './condition.ts'
import type { Frame } from './frames.ts'

/** Types of blocks; the byte order mark says that numbers are little-endian. */
const [SECTION, INTERFACE, ENHANCED_PACKET] = [0x0a0d0d0a, 1, 6]
const BYTE_ORDER = 0x1a2b3c4d

/** Options. */
const [END, COMMENT, APPLICATION, INTERFACE_NAME, TIME_RESOLUTION, FLAGS] = [0, 1, 4, 2, 9, 2]

/** Times are in nanoseconds: 10 to the power of -9. */
const NANOSECONDS = 9

/** Link types of tcpdump.org: Ethernet, IP without a header. */
const [ETHERNET, RAW] = [1, 101]

/** Headers that a packet socket gives none of: ARPHRD_TUNNEL, TUNNEL6, SIT, NONE (include/uapi/linux/if_arp.h). */
const headless = [768, 769, 776, 0xfffe]

/** Whether frames begin with the network header, by the kind of their link. */
export function isHeadless({ hardware }: Pick<Frame, 'hardware'>): boolean {
  return headless.includes(hardware)
}

/** The block at the start of a file. @param comment what was captured */
export function sectionBlock(application: string, comment: string): Buffer {
  const body = Buffer.alloc(16)
  body.writeUInt32LE(BYTE_ORDER, 0)
  body.writeUInt16LE(1, 4)
  // The length of the section is not known: -1.
  body.fill(0xff, 8)
  return block(
    SECTION,
    body,
    option(COMMENT, Buffer.from(comment)),
    option(APPLICATION, Buffer.from(application)),
  )
}

/** The block of an interface; packets name it by its place in the file, from 0. */
export function interfaceBlock(name: string, frame: Pick<Frame, 'hardware'>): Buffer {
  const body = Buffer.alloc(8)
  body.writeUInt16LE(isHeadless(frame) ? RAW : ETHERNET, 0)
  body.writeUInt32LE(SNAPLEN, 4)
  const resolution = option(TIME_RESOLUTION, Buffer.from([NANOSECONDS]))
  return block(INTERFACE, body, option(INTERFACE_NAME, Buffer.from(name)), resolution)
}

/** Before and behind the data of a frame: type, length, interface, time, lengths; the option of the direction, the last one, length. */
const [PACKET_HEAD, PACKET_TAIL] = [28, 16]

/** The block of a frame, in one buffer: there may be 100,000 in a second. @param place of its interface */
export function packetBlock({ time, length, data, isOutgoing }: Frame, place: number): Buffer {
  const end = PACKET_HEAD + padded(data.length)
  const bytes = Buffer.alloc(end + PACKET_TAIL)
  const numbers = [ENHANCED_PACKET, bytes.length, place, Number(time >> 32n), Number(time & 0xffffffffn)]
  for (const [index, number] of [...numbers, data.length, length].entries())
    bytes.writeUInt32LE(number, index * 4)
  bytes.set(data, PACKET_HEAD)
  bytes.writeUInt16LE(FLAGS, end)
  bytes.writeUInt16LE(4, end + 2)
  bytes.writeUInt32LE(isOutgoing ? 2 : 1, end + 4)
  bytes.writeUInt32LE(bytes.length, end + 12)
  return bytes
}

const padded = (length: number) => length + (-length & 3)

function option(code: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + padded(value.length))
  bytes.writeUInt16LE(code, 0)
  bytes.writeUInt16LE(value.length, 2)
  bytes.set(value, 4)
  return bytes
}

/** Type, length, body, options, length. */
function block(type: number, body: Buffer, ...options: Buffer[]): Buffer {
  const inner = Buffer.concat([body, ...options, option(END, Buffer.alloc(0))])
  const bytes = Buffer.alloc(12 + inner.length)
  bytes.writeUInt32LE(type, 0)
  bytes.writeUInt32LE(bytes.length, 4)
  bytes.set(inner, 8)
  bytes.writeUInt32LE(bytes.length, 8 + inner.length)
  return bytes
}
