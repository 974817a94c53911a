/** D-Bus messages (D-Bus Specification, "Message Protocol"): calls with text arguments are encoded, answers are read. */

/** A method call. */
export interface Call {
  destination: string
  path: string
  interface: string
  member: string
  arguments: readonly string[]
}

/** An answer: a return with its first argument, or an error with its name and text. */
export interface Answer {
  /** The serial number of the call. */
  to: number
  error?: string
  /** The first argument, when it is a text or a boolean. */
  value?: string | boolean
}

const [METHOD_CALL, METHOD_RETURN, ERROR] = [1, 2, 3]
/** Header fields. */
const Field = {
  PATH: 1,
  INTERFACE: 2,
  MEMBER: 3,
  ERROR_NAME: 4,
  REPLY_SERIAL: 5,
  DESTINATION: 6,
  SIGNATURE: 8,
} as const
/** The fixed part of a header: byte order, type, flags, version, length of the body, serial, length of the fields. */
const FIXED = 16
const LITTLE_ENDIAN = 'l'.charCodeAt(0)

/** A method call, little endian. @param serial a number of the connection, from 1 */
export function encodeCall(call: Call, serial: number): Buffer {
  const body = joined(4, call.arguments.map(text))
  const signature = 's'.repeat(call.arguments.length)
  const fields = joined(8, [
    field(Field.PATH, 'o', text(call.path)),
    field(Field.INTERFACE, 's', text(call.interface)),
    field(Field.MEMBER, 's', text(call.member)),
    field(Field.DESTINATION, 's', text(call.destination)),
    ...(signature ? [field(Field.SIGNATURE, 'g', signatureBytes(signature))] : []),
  ])
  const header = Buffer.alloc(FIXED)
  header.set([LITTLE_ENDIAN, METHOD_CALL, 0, 1])
  header.writeUInt32LE(body.length, 4)
  header.writeUInt32LE(serial, 8)
  header.writeUInt32LE(fields.length, 12)
  return append(Buffer.concat([header, fields]), 8, body)
}

/** A header field: a struct of its number and a variant. */
function field(number: number, type: string, value: Buffer): Buffer {
  return append(Buffer.concat([Buffer.from([number]), signatureBytes(type)]), 4, value)
}

function signatureBytes(signature: string): Buffer {
  return Buffer.concat([Buffer.from([signature.length]), Buffer.from(`${signature}\0`)])
}

/** A text with its length and a terminating NUL. */
function text(value: string): Buffer {
  const bytes = Buffer.from(`${value}\0`)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length - 1)
  return Buffer.concat([length, bytes])
}

/** Values one after another. */
function joined(alignment: number, values: readonly Buffer[]): Buffer {
  return values.reduce<Buffer>((bytes, value) => append(bytes, alignment, value), Buffer.alloc(0))
}

/** Appends a value at the next multiple of its alignment. */
function append(bytes: Buffer, alignment: number, value: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(padding(bytes.length, alignment)), value])
}

function padding(length: number, alignment: number): number {
  return -length & (alignment - 1)
}

/** The length of the message at the start of received bytes; undefined while its header is incomplete. */
export function messageLength(bytes: Buffer): number | undefined {
  if (bytes.length < FIXED) return undefined
  const read = readerOf(bytes)
  const fields = read(12)
  return FIXED + fields + padding(fields, 8) + read(4)
}

/** Numbers of a message in its own byte order. */
function readerOf(message: Buffer): (at: number) => number {
  const isLittle = message[0] === LITTLE_ENDIAN
  return (at) => (isLittle ? message.readUInt32LE(at) : message.readUInt32BE(at))
}

/** An answer; undefined for other messages, such as signals. */
export function decodeAnswer(message: Buffer): Answer | undefined {
  const type = message[1]
  if (type !== METHOD_RETURN && type !== ERROR) return undefined
  const read = readerOf(message)
  const fields = fieldsOf(message, FIXED + read(12))
  const to = fields.get(Field.REPLY_SERIAL)
  const start = fields.get(Field.SIGNATURE)
  if (to === undefined) return undefined
  const body = message.subarray(FIXED + read(12) + padding(read(12), 8))
  const signature = start === undefined ? undefined : message[start + 1]
  const value = signature === undefined ? undefined : firstOf(body, String.fromCharCode(signature), message)
  if (type === METHOD_RETURN) return { to: read(to), value }
  const name = fields.get(Field.ERROR_NAME)
  return { to: read(to), value, error: name === undefined ? '' : textAt(message, name, read) }
}

/** The offset of each header field's value. Texts and numbers are all that answers have. */
function fieldsOf(message: Buffer, end: number): Map<number, number> {
  const fields = new Map<number, number>()
  const read = readerOf(message)
  for (let at = FIXED; at + 4 <= end; ) {
    const [number = 0, length = 0] = [message[at], message[at + 1]]
    const type = String.fromCharCode(message[at + 2] ?? 0)
    const start = at + 3 + length
    const value = type === 'g' ? start : start + padding(start, 4)
    fields.set(number, value)
    const after =
      type === 'g' ? value + 2 + (message[value] ?? 0) : type === 'u' ? value + 4 : value + 5 + read(value)
    at = after + padding(after, 8)
  }
  return fields
}

function firstOf(body: Buffer, type: string, message: Buffer): string | boolean | undefined {
  const isLittle = message[0] === LITTLE_ENDIAN
  const read = (at: number) => (isLittle ? body.readUInt32LE(at) : body.readUInt32BE(at))
  if (type === 'b') return read(0) !== 0
  return type === 's' ? textAt(body, 0, read) : undefined
}

function textAt(bytes: Buffer, at: number, read: (at: number) => number): string {
  return bytes.toString('utf8', at + 4, at + 4 + read(at))
}
