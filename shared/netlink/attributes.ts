/**
 * Reads attributes of a message (struct nlattr, include/uapi/linux/netlink.h) on demand: the npm package's codecs parse all
 * sixty attributes of a link, and Patchbay uses a dozen.
 */

const HEADER_LENGTH = 4
/** NLA_TYPE_MASK: the type without the flags for nesting and byte order. */
const TYPE_MASK = 0x3fff

/** Returns an attribute's value by its type; undefined when the message does not have it. */
export type Attributes = (type: number) => Buffer | undefined

/** The attributes that begin at an offset of a message. */
export function attributesIn(message: Buffer, offset = 0): Attributes {
  const places = new Map<number, number>()
  for (let at = offset; at + HEADER_LENGTH <= message.length; at += spaceAt(message, at))
    places.set(u16(message, at + 2) & TYPE_MASK, at)
  return (type) => {
    const at = places.get(type)
    return at === undefined ? undefined : valueAt(message, at)
  }
}

/** The values of a list, whose attributes all have one type. */
export function valuesIn(list: Buffer): Buffer[] {
  const values: Buffer[] = []
  for (let at = 0; at + HEADER_LENGTH <= list.length; at += spaceAt(list, at)) values.push(valueAt(list, at))
  return values
}

/** The bytes of an attribute, with header and padding. */
function spaceAt(message: Buffer, at: number): number {
  const length = Math.max(u16(message, at), HEADER_LENGTH)
  return length + (-length & 3)
}

function valueAt(message: Buffer, at: number): Buffer {
  return message.subarray(at + HEADER_LENGTH, at + u16(message, at))
}

/** Faster than Buffer's readUInt16LE, which checks every byte: it is called hundreds of times. */
function u16(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
}

/** The text of a value with a terminating NUL. */
export function textOf(value: Buffer | undefined): string | undefined {
  return value?.toString('utf8', 0, value.length - 1)
}
