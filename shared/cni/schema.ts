/**
 * The vocabulary that configurations are written in, over zod/mini. Each word carries the phrase that completes
 * "must be …", so an error can say what is allowed.
 */

import * as z from 'zod/mini'
import { parseAddress } from '../ip/address.ts'
import { isUnicastMac, parseMac } from '../ip/mac.ts'
import { parseCidr } from '../ip/subnet.ts'
import { ifnameFault } from './names.ts'

// A configuration is parsed once: compiled parsers would not pay for themselves.
z.config({ jitless: true })

/** Any schema of this vocabulary. */
export type Schema<Output = unknown> = z.ZodMiniType<Output>
export type Shape = Record<string, z.ZodMiniType>
export type Output<S extends Schema> = z.output<S>

/** What tools want to know of a word beyond its schema; `title` is its name in tables. */
type Facts = {
  title?: string
  description?: string
  type?: string
  pattern?: string
  maxLength?: number
  minimum?: number
  maximum?: number
}

/** What the absence of a key comes to, where it may be absent, and what a value is judged by when there is one. */
interface Absence {
  value: unknown
  otherwise: Schema
}

/** What is known of a word as long as its schema is not made. */
interface Known {
  facts?: Facts
  absence?: Absence
}

/** A schema that is made when a value meets it: most of the keys there are, most configurations do not have. */
function word<S extends Schema>(make: () => S, known: Known = {}): S {
  let schema: S | undefined
  const standIn: Known & Pick<S, '_zod'> = {
    ...known,
    get _zod() {
      schema ??= make()
      return schema._zod
    },
  }
  return standIn as S & Known
}

export const anything = word(() => z.unknown())
export const boolean = word(() => z.boolean('true or false'))
export const string = word(() => z.string('a string'))

/** A string that passes a test; `allowed` completes "must be …". */
export function text(allowed: string, isValid: (value: string) => boolean, facts: Facts = {}) {
  const isText = (value: unknown) => typeof value === 'string' && isValid(value)
  return word(() => z.custom<string>(isText, allowed), { facts: { type: 'string', ...facts } })
}

/** A string that matches a pattern. */
export function pattern(allowed: string, expression: RegExp) {
  return text(allowed, (value) => expression.test(value), { pattern: expression.source })
}

/** A whole number within bounds, both included. */
export function integer({ min, max }: { min: number; max: number }) {
  const isWithin = (value: unknown) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max
  const make = () => z.custom<number>(isWithin, `a whole number from ${min} to ${max}`)
  return word(make, { facts: { type: 'integer', minimum: min, maximum: max } })
}

/** An interface's name, as the kernel allows it. */
export const ifname = text(
  'an interface name: at most 15 bytes, without /, : or white space',
  (value) => ifnameFault(value) === undefined,
  { title: 'interface name', maxLength: 15, pattern: '^[^/:\\s]+$' },
)

/** A unicast Ethernet address, bytes separated by `:` or `-`. */
export const mac = text('a unicast MAC address such as 02:00:5e:10:00:01', isUnicast, {
  title: 'MAC address',
})

function isUnicast(value: string): boolean {
  const bytes = parseMac(value)
  return bytes !== undefined && isUnicastMac(bytes)
}

/** An IPv4 or IPv6 address. */
export const ip = text('an IP address such as 10.1.2.3 or fd00::1', isAddress, { title: 'IP address' })

/** An address with a prefix length. */
export const cidr = text(
  'an address with a prefix length such as 10.1.2.0/24 or fd00::/64',
  (value) => parseCidr(value) !== undefined,
  { title: 'address with prefix' },
)

/** An address, with a prefix length or without. */
export const ipOrCidr = text(
  'an IP address, with a prefix length or without: 10.1.2.3 or 10.1.2.3/24',
  (value) => isAddress(value) || parseCidr(value) !== undefined,
  { title: 'address, with prefix or without' },
)

function isAddress(value: string): boolean {
  return parseAddress(value) !== undefined
}

/** An absolute path. */
export const path = text('an absolute path', (value) => value.startsWith('/') && !value.includes('\0'), {
  title: 'absolute path',
  pattern: '^/',
})

/** The name of a plugin: an executable's, so no path. */
export const pluginName = text(
  'the name of a plugin, without a path',
  (value) => !/[/\0]/.test(value) && value !== '.' && value !== '..',
  { title: 'plugin name' },
)

/** One of a few words or numbers. */
export function oneOf<const Words extends readonly (string | number)[]>(...words: Words) {
  const quoted = () => words.map((word) => JSON.stringify(word)).join(', ')
  return word(() => z.literal(words, quoted().replace(/, ([^,]*)$/, ' or $1')))
}

/** One kind of value or another; `allowed` completes "must be …". */
export function either<One extends Schema, Other extends Schema>(allowed: string, one: One, other: Other) {
  return word(() => z.union([one, other], allowed))
}

export function list<S extends Schema>(element: S) {
  return word(() => z.array(element, 'a list'))
}

/** An object of the keys in its shape; near misses of them are refused, other keys are dropped. */
export function object<S extends Shape>(shape: S) {
  return word(() => z.object(shape, 'an object'))
}

/** An object that may carry anything besides the keys in its shape. */
export function open<S extends Shape>(shape: S) {
  return word(() => z.looseObject(shape, 'an object'))
}

/** An object whose keys are not known beforehand. */
export function record<S extends Schema>(value: S) {
  return word(() => z.record(z.string(), value, 'an object'))
}

/** A schema whose words, too, are only made when it meets a value: for what most configurations do not have. */
export function lazy<S extends Schema>(make: () => S): S {
  return word(make)
}

export function optional<S extends Schema>(schema: S) {
  return word(() => z.optional(schema), { absence: { value: undefined, otherwise: schema } })
}

export function withDefault<S extends Schema>(schema: S, value: NonNullable<z.output<S>>) {
  return word(() => z._default(schema, value as never), { absence: { value, otherwise: schema } })
}

/** Says what a key means: a sentence or two for the documentation. */
export function describe<S extends Schema>(schema: S, description: string): S {
  const { facts, absence } = schema as Known
  return word(() => schema, { facts: { ...facts, description }, absence })
}

/** What is said of a word beyond its schema. */
export function factsOf(schema: Schema): Facts {
  return (schema as Known).facts ?? {}
}

/** What `describe` said. */
export function description(schema: Schema): string {
  return factsOf(schema).description ?? ''
}

/** Undefined where a key may not be absent. */
export function absenceOf(schema: Schema): Absence | undefined {
  return (schema as Known).absence
}
