/**
 * Reads attributes of a message (struct nlattr, include/uapi/linux/netlink.h) on demand: the npm package's codecs parse all
 * sixty attributes of a link, and Patchbay uses a dozen. The loops call no function of ours: they are the most executed ones of all.
 */

const HEADER_LENGTH = 4
/** An attribute's header as one number: its length, and its type above, NLA_TYPE_MASK without the flags for nesting and byte order. */
const [LENGTH_MASK, TYPE_MASK] = [0xffff, 0x3fff]

/** Returns an attribute's value by its type; undefined when the message does not have it. */
export type Attributes = (type: number) => Buffer | undefined

/** The attributes that begin at an offset of a message. */
export function attributesIn(message: Buffer, offset = 0): Attributes {
  const places = new Map<number, number>()
  for (let at = offset, last = message.length - HEADER_LENGTH; at <= last; ) {
    const header = message.readUInt32LE(at)
    const length = header & LENGTH_MASK
    places.set((header >>> 16) & TYPE_MASK, at)
    at += length > HEADER_LENGTH ? (length + 3) & ~3 : HEADER_LENGTH
  }
  return (type) => {
    const at = places.get(type)
    return at === undefined ? undefined : valueAt(message, at)
  }
}

/** The value of the first attribute of a type, where no other is asked for; undefined when the message has none. */
export function attributeIn(message: Buffer, type: number, offset = 0): Buffer | undefined {
  for (let at = offset, last = message.length - HEADER_LENGTH; at <= last; ) {
    const header = message.readUInt32LE(at)
    if (((header >>> 16) & TYPE_MASK) === type) return valueAt(message, at)
    const length = header & LENGTH_MASK
    at += length > HEADER_LENGTH ? (length + 3) & ~3 : HEADER_LENGTH
  }
  return undefined
}

/** The values of a list, whose attributes all have one type. */
export function valuesIn(list: Buffer): Buffer[] {
  const values: Buffer[] = []
  for (let at = 0, last = list.length - HEADER_LENGTH; at <= last; ) {
    const length = list.readUInt16LE(at)
    values.push(valueAt(list, at))
    at += length > HEADER_LENGTH ? (length + 3) & ~3 : HEADER_LENGTH
  }
  return values
}

function valueAt(message: Buffer, at: number): Buffer {
  return message.subarray(at + HEADER_LENGTH, at + message.readUInt16LE(at))
}

/** The text of a value with a terminating NUL. */
export function textOf(value: Buffer | undefined): string | undefined {
  return value?.toString('utf8', 0, value.length - 1)
}
