/** Values of options: addresses, numbers, and names that may become settings of a container. */

import { type Address, fromBytes } from '../../ip/address.ts'
import { whyUnusable } from '../../ip/host.ts'
import { isDomainName } from '../../ip/names.ts'

/** The addresses of a value whose length is a multiple of 4. */
export function addressesOf(value: Buffer): Address[] {
  return Array.from({ length: value.length / 4 }, (_, at) => fromBytes(value.subarray(4 * at, 4 * at + 4)))
}

/** The number of a value of 1, 2 or 4 bytes. */
export function numberOf(value: Buffer): number {
  return value.reduce((number, byte) => number * 256 + byte, 0)
}

/** Whether one host can have the address: packets can be sent to it. */
export function isUnicast(address: Address): boolean {
  return whyUnusable({ address, prefix: 32 }) === undefined
}

/**
 * The name that a value is, without a dot at its end; undefined when it is no domain name: a name with spaces or control characters would
 * change more of resolv.conf than its own line.
 */
export function domainNameOf(value: Buffer): string | undefined {
  const name = withoutNuls(value).toString().replace(/\.$/, '')
  return isDomainName(name) ? name : undefined
}

/** Some servers end a text with NUL, which does not belong to it (RFC 2132 section 2). */
function withoutNuls(value: Buffer): Buffer {
  let length = value.length
  while (length > 0 && value[length - 1] === 0) length--
  return value.subarray(0, length)
}

const longestShown = 80

/** A text of a server for an error: its first characters, `?` for what is not printable ASCII. */
export function shownText(value: Buffer): string {
  const text = withoutNuls(value).subarray(0, longestShown)
  return Array.from(text, (byte) => (byte < 0x20 || byte > 0x7e ? '?' : String.fromCharCode(byte))).join('')
}
