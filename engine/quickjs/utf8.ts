/** UTF-8 by the Encoding Standard: U+FFFD replaces invalid bytes. C code decodes ASCII, which is nearly all text. */

import { asciiText, utf8Bytes } from 'qjs:bytes'

const replacement = '\ufffd'

/** The bytes of a text. */
export function encode(text: string): ArrayBuffer {
  return utf8Bytes(text.toWellFormed())
}

/** The text in a part of a byte array. */
export function decode(bytes: Uint8Array, start: number, end: number): string {
  return asciiText(bytes, start, end) ?? decodeAny(bytes.subarray(start, end))
}

/** The Encoding Standard's "UTF-8 decoder". */
function decodeAny(bytes: Uint8Array): string {
  let text = ''
  let [point, needed, lower, upper] = [0, 0, 0x80, 0xbf]
  for (const byte of bytes) {
    if (needed > 0 && byte >= lower && byte <= upper) {
      point = (point << 6) | (byte & 0x3f)
      ;[lower, upper] = [0x80, 0xbf]
      if (--needed === 0) text += String.fromCodePoint(point)
      continue
    }
    if (needed > 0) text += replacement
    needed = following(byte)
    if (byte < 0x80) text += String.fromCharCode(byte)
    else if (needed === 0) text += replacement
    point = byte & (0x3f >> needed)
    lower = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80
    upper = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf
  }
  return needed > 0 ? text + replacement : text
}

/** The number of bytes that follow a first byte. */
function following(byte: number): number {
  if (byte >= 0xc2 && byte <= 0xdf) return 1
  if (byte >= 0xe0 && byte <= 0xef) return 2
  return byte >= 0xf0 && byte <= 0xf4 ? 3 : 0
}
