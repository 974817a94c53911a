/** Protocol Buffers: messages as tables of fields. What a table does not name is skipped, as a newer etcd's fields are. */

import protobuf from 'protobufjs/minimal.js'
import { CniError, Code } from '../../error/error.ts'

type Scalar = 'int' | 'bool' | 'text'

/** A field: its number in the public definition of the message, and its type. `text` is `bytes` or `string`, in UTF-8. */
export interface Field {
  number: number
  type: Scalar | Table
  repeated?: true
}

/** A message, by the names of its fields. */
export type Table = { readonly [name: string]: Field }

type Value = number | boolean | string | Message | undefined
/** A message's fields as values. */
export type Message = { readonly [name: string]: Value | readonly Value[] }

/** Wire types of the encoding's specification. */
const VARINT = 0
const LENGTH = 2

/** A message as bytes. A field that is undefined is left out; one that is 0, false or '' is written, for in a `oneof` it says which. */
export function encode(table: Table, message: object): Buffer {
  const writer = protobuf.Writer.create()
  write(writer, table, message as Message)
  return Buffer.from(writer.finish())
}

function write(writer: protobuf.Writer, table: Table, message: Message): void {
  for (const [name, field] of Object.entries(table)) {
    const value = message[name]
    const values = Array.isArray(value) ? value : [value]
    for (const one of values) if (one !== undefined) writeField(writer, field, one)
  }
}

function writeField(writer: protobuf.Writer, { number, type }: Field, value: Value): void {
  const tag = (wire: number) => writer.uint32((number << 3) | wire)
  if (type === 'int') tag(VARINT).int64(value as number)
  else if (type === 'bool') tag(VARINT).bool(value as boolean)
  else if (type === 'text') tag(LENGTH).string(value as string)
  else {
    tag(LENGTH).fork()
    write(writer, type, value as Message)
    writer.ldelim()
  }
}

/** A message of bytes, with the encoding's defaults (0, false, '', []) for what is absent; an absent message is undefined. @throws CniError for bytes that are no such message */
export function decode<T>(table: Table, bytes: Uint8Array): T {
  try {
    return read(protobuf.Reader.create(bytes), bytes.length, table) as T
  } catch (cause) {
    throw new CniError(Code.DecodingFailure, {
      msg: 'the store answered with bytes that are no message of etcd',
      hint: 'is the endpoint of the store etcd (version 3.4 or newer)? etcdctl endpoint status shows it',
      cause,
    })
  }
}

function read(reader: protobuf.Reader, end: number, table: Table): Message {
  const message: Record<string, Value | Value[]> = {}
  for (const [name, field] of Object.entries(table)) message[name] = defaultOf(field)
  const names = new Map(Object.entries(table).map(([name, { number }]) => [number, name]))
  while (reader.pos < end) {
    const tag = reader.uint32()
    const name = names.get(tag >>> 3)
    const field = name === undefined ? undefined : table[name]
    if (name === undefined || !field) reader.skipType(tag & 7)
    else if (field.repeated) (message[name] as Value[]).push(readValue(reader, field))
    else message[name] = readValue(reader, field)
  }
  return message
}

function defaultOf({ type, repeated }: Field): Value | Value[] {
  if (repeated) return []
  return { int: 0, bool: false, text: '' }[type as Scalar]
}

function readValue(reader: protobuf.Reader, { type }: Field): Value {
  if (type === 'int') return safe(Number(reader.int64()))
  if (type === 'bool') return reader.bool()
  if (type === 'text') return reader.string()
  return read(reader, reader.uint32() + reader.pos, type)
}

/** etcd counts revisions from 1: no store has lived through 2^53 of them. */
function safe(value: number): number {
  if (Number.isSafeInteger(value)) return value
  throw new CniError(Code.DecodingFailure, { msg: `${value} is no safe integer` })
}
