/** Options as bytes: a code, a length, a value (RFC 2132 section 2). A value of more than 255 bytes is several options (RFC 3396). */

import type { Options } from './options.ts'

const PAD = 0
const END = 255
const LONGEST = 255

/** The options with their end. */
export function encodeOptions(values: Options): Buffer {
  return Buffer.concat([...[...values].flatMap(([code, value]) => pieces(code, value)), Buffer.from([END])])
}

/** An empty value is one piece, too. */
function pieces(code: number, value: Buffer): Buffer[] {
  const parts: Buffer[] = []
  for (let at = 0; at === 0 || at < value.length; at += LONGEST) {
    const part = value.subarray(at, at + LONGEST)
    parts.push(Buffer.from([code, part.length]), part)
  }
  return parts
}

/**
 * The options of the fields of a message, in their order. What has the same code is one value (RFC 3396 section 7).
 * @returns undefined when an option is longer than its field; a missing end is no error
 */
export function parseOptions(fields: readonly Buffer[]): Options | undefined {
  const parts = new Map<number, Buffer[]>()
  for (const field of fields) if (!collect(field, parts)) return undefined
  return new Map([...parts].map(([code, values]) => [code, Buffer.concat(values)]))
}

/** Adds the pieces of one field; false when one is cut off. */
function collect(field: Buffer, parts: Map<number, Buffer[]>): boolean {
  for (let at = 0; at < field.length && field[at] !== END; ) {
    const code = field[at] as number
    const length = code === PAD ? -1 : field[at + 1]
    const next = length === undefined ? Number.POSITIVE_INFINITY : at + 2 + length
    if (next > field.length) return false
    if (code !== PAD) add(parts, code, field.subarray(at + 2, next))
    at = next
  }
  return true
}

function add(parts: Map<number, Buffer[]>, code: number, value: Buffer): void {
  const present = parts.get(code)
  if (present) present.push(value)
  else parts.set(code, [value])
}
