/**
 * The attributes of a message (struct nlattr, include/uapi/linux/netlink.h). Only those that are asked for are taken
 * out: npm's codecs take apart all sixty of a link, of which we want a dozen.
 */

const HEADER_LENGTH = 4
/** NLA_TYPE_MASK: without the marks for nesting and byte order. */
const TYPE_MASK = 0x3fff

/** Gives an attribute's value by its type; undefined when the message has none. */
export type Attributes = (type: number) => Buffer | undefined

/** The attributes that begin at an offset of a message. */
export function attributesIn(message: Buffer, offset = 0): Attributes {
  const places = new Map<number, number>()
  for (let at = offset; at + HEADER_LENGTH <= message.length; ) {
    const length = Math.max(u16(message, at), HEADER_LENGTH)
    places.set(u16(message, at + 2) & TYPE_MASK, at)
    at += length + (-length & 3)
  }
  return (type) => {
    const at = places.get(type)
    return at === undefined ? undefined : message.subarray(at + HEADER_LENGTH, at + u16(message, at))
  }
}

/** Buffer's own checks every byte: too much for what is done hundreds of times. */
function u16(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
}

/** A text with its terminating NUL, as the kernel writes it. */
export function textOf(value: Buffer | undefined): string | undefined {
  return value?.toString('utf8', 0, value.length - 1)
}
