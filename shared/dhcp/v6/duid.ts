/** DUIDs: what identifies clients and servers of DHCPv6 (RFC 8415 section 11). */

import { sha512 } from '@noble/hashes/sha2.js'
import { u16 } from './options.ts'

/** Types of DUIDs, and the type of hardware that has MAC addresses (RFC 8415 section 11.4, RFC 6355 section 4). */
const Type = { LL: 3, UUID: 4 } as const
const ETHERNET = 1

/** Lengths: the type, and at least one byte and at most 128 behind it (RFC 8415 section 11.1). */
const [shortest, longest] = [3, 130] as const

/** The DUID of an interface: DUID-LL. @param mac six bytes */
export function duidOfMac(mac: Uint8Array): Buffer {
  return Buffer.concat([u16(Type.LL), u16(ETHERNET), mac])
}

/** The DUID of what a text names, the same each time: DUID-UUID with a UUID of version 8, made from SHA-512 (RFC 9562 section 5.8, appendix B.2). */
export function duidOfText(text: string): Buffer {
  const uuid = Buffer.concat([sha512(Buffer.from(text)).subarray(0, 16)])
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | 0x80, 6)
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8)
  return Buffer.concat([u16(Type.UUID), uuid])
}

/** Whether bytes may be a DUID. What is in them is compared, never read (RFC 8415 section 11). */
export function isDuid({ length }: Uint8Array): boolean {
  return length >= shortest && length <= longest
}

/** As hexadecimal digits. */
export function formatDuid(duid: Buffer): string {
  return duid.toString('hex')
}
