/** Values of ASN.1 in DER (ITU-T X.690), as far as certificates need them. */

/** A value: its tag, its length, its content. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content])
}

function lengthOf(length: number): number[] {
  if (length < 128) return [length]
  return length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
}

export const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts)
export const set = (...parts: readonly Uint8Array[]) => der(0x31, ...parts)
export const octets = (content: Uint8Array) => der(0x04, content)
export const utf8 = (text: string) => der(0x0c, Buffer.from(text))
export const yes = der(0x01, Buffer.from([0xff]))

/** @param bytes big-endian, the first below 0x80 */
export const integer = (...bytes: readonly number[]) => der(0x02, Buffer.from(bytes))

/** @param unused bits at the end */
export const bits = (content: Uint8Array, unused = 0) => der(0x03, Buffer.from([unused]), content)

/** An object identifier: `1.2.840.10045.4.3.2`. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...others] = text.split('.').map(Number)
  return der(0x06, Buffer.from([first * 40 + second, ...others.flatMap(base128)]))
}

function base128(value: number): number[] {
  const digits = [value & 127]
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 127) | 128)
  return digits
}

/** GeneralizedTime, to the second. */
export function time(at: Date): Buffer {
  const text = at.toISOString().replace(/\.\d+|[-:T]/g, '')
  return der(0x18, Buffer.from(text))
}
