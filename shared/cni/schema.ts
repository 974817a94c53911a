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

export const anything = z.unknown()
export const boolean = z.boolean('true or false')
export const string = z.string('a string')

/** What the JSON Schema says of a word that is judged by a function; `title` is its name in tables. */
type Json = { title?: string; pattern?: string; maxLength?: number }

/** A string that passes a test; `allowed` completes "must be …". */
export function text(allowed: string, isValid: (value: string) => boolean, json: Json = {}) {
  const schema = z.custom<string>((value) => typeof value === 'string' && isValid(value), allowed)
  z.globalRegistry.add(schema, { type: 'string', ...json })
  return schema
}

/** A string that matches a pattern. */
export function pattern(allowed: string, expression: RegExp) {
  return text(allowed, (value) => expression.test(value), { pattern: expression.source })
}

/** A whole number within bounds, both included. */
export function integer({ min, max }: { min: number; max: number }) {
  const isWithin = (value: unknown) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max
  const schema = z.custom<number>(isWithin, `a whole number from ${min} to ${max}`)
  z.globalRegistry.add(schema, { type: 'integer', minimum: min, maximum: max })
  return schema
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

/** One of a few words. */
export function oneOf<const Words extends readonly string[]>(...words: Words) {
  return z.enum(
    words,
    words
      .map((word) => JSON.stringify(word))
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1'),
  )
}

export function list<S extends Schema>(element: S) {
  return z.array(element, 'a list')
}

/** An object of the keys in its shape; near misses of them are refused, other keys are dropped. */
export function object<S extends Shape>(shape: S) {
  return z.object(shape, 'an object')
}

/** An object that may carry anything besides the keys in its shape. */
export function open<S extends Shape>(shape: S) {
  return z.looseObject(shape, 'an object')
}

/** An object whose keys are not known beforehand. */
export function record<S extends Schema>(value: S) {
  return z.record(z.string(), value, 'an object')
}

/** A schema that is only made when it meets a value: for what most configurations do not have. */
export function lazy<S extends Schema>(make: () => S) {
  return z.lazy(make)
}

export function optional<S extends Schema>(schema: S) {
  return z.optional(schema)
}

export function withDefault<S extends Schema>(schema: S, value: NonNullable<z.output<S>>) {
  return z._default(schema, value as never)
}

/** Says what a key means: a sentence or two for the documentation. */
export function describe<S extends Schema>(schema: S, description: string): S {
  // The word itself may stand in other places: only this use of it gets the description.
  const use: S = Object.create(schema)
  z.globalRegistry.add(use, { ...z.globalRegistry.get(schema), description })
  return use
}

/** What `describe` said. */
export function description(schema: Schema): string {
  return z.globalRegistry.get(schema)?.description ?? ''
}
