/**
 * Node's `Buffer` for QuickJS, which has none: the build inserts it where the name is used. It has only what Patchbay and
 * netlink's codecs use, because every call loads it: UTF-8 and hex, integers, no floating-point numbers.
 */

import { addIntegers } from 'qjs:bytes'
import { decode, encode } from './utf8.ts'

class Bytes extends Uint8Array {
  override toString(encoding = 'utf8', start = 0, end = this.length): string {
    const [from, to] = [Math.max(start, 0), Math.min(end, this.length)]
    if (from >= to) return ''
    return isHex(encoding) ? toHex(this.subarray(from, to)) : decode(this, from, to)
  }

  override slice(start?: number, end?: number): Bytes {
    return this.subarray(start, end) as Bytes
  }

  /** `write(text, offset?, length?, encoding?)` returns the number of bytes. @throws RangeError when they do not fit */
  write(text: string, ...how: (number | string | undefined)[]): number {
    const [offset = 0, length] = how.filter((item) => typeof item === 'number')
    const bytes = toBytes(
      text,
      how.find((item) => typeof item === 'string'),
    )
    if (length !== undefined && bytes.length > length) throw new RangeError(`more than ${length} bytes`)
    this.set(bytes, offset)
    return bytes.length
  }

  equals(other: Uint8Array): boolean {
    return this.length === other.length && compare(this, other) === 0
  }
}

addIntegers(Bytes.prototype)

/** Node's static methods. */
const statics = {
  /** New bytes are zero. */
  alloc: (size: number, fill = 0) => (fill === 0 ? new Bytes(size) : new Bytes(size).fill(fill)),
  from: (value: string | ArrayBuffer, ...how: [(string | number)?, number?]) =>
    typeof value === 'string' ? toBytes(value, how[0] as string) : new Bytes(value, how[0] as number, how[1]),
  concat(parts: readonly Uint8Array[]): Bytes {
    const whole = new Bytes(parts.reduce((sum, part) => sum + part.length, 0))
    let offset = 0
    for (const part of parts) {
      whole.set(part, offset)
      offset += part.length
    }
    return whole
  },
  byteLength: (text: string) => encode(text).byteLength,
  isBuffer: (value: unknown) => value instanceof Bytes,
  compare,
}

/** Compares two byte arrays: negative when the first sorts first, zero when they are equal, else positive. */
function compare(one: Uint8Array, other: Uint8Array): number {
  const shared = Math.min(one.length, other.length)
  for (let at = 0; at < shared; at++) {
    const difference = (one[at] as number) - (other[at] as number)
    if (difference !== 0) return Math.sign(difference)
  }
  return Math.sign(one.length - other.length)
}

function toBytes(text: string, encoding?: string): Bytes {
  return new Bytes(isHex(encoding) ? fromHex(text) : encode(text))
}

/** @throws RangeError for an encoding other than UTF-8 and hex */
function isHex(encoding = 'utf8'): boolean {
  if (encoding === 'hex' || encoding === 'utf8') return encoding === 'hex'
  throw new RangeError(`no encoding ${encoding} in this engine`)
}

/** As in Node, stops before the first pair that is not two hexadecimal digits. */
function fromHex(text: string): ArrayBuffer {
  const pairs = /^(?:[0-9a-f]{2})*/i.exec(text)?.[0].match(/../g) ?? []
  return new Uint8Array(pairs.map((pair) => Number.parseInt(pair, 16))).buffer
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

// biome-ignore lint/style/noRestrictedGlobals: only the type is used
export const Buffer = Object.assign(Bytes, statics) as unknown as typeof globalThis.Buffer
