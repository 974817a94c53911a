/**
 * The vocabulary that configurations are written in, over zod/mini. Each word carries the phrase that completes
 * "must be …", so an error can say what is allowed.
 */

import * as z from 'zod/mini'
import { parseAddress } from '../ip/address.ts'
import { formatMac, isUnicastMac, parseMac } from '../ip/mac.ts'
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

/** A string that passes a test; `allowed` completes "must be …", `json` goes into the JSON Schema. */
export function text(allowed: string, isValid: (value: string) => boolean, json?: Record<string, unknown>) {
  const schema = z.string(allowed).check(z.refine(isValid, allowed))
  if (json) z.globalRegistry.add(schema, json)
  return schema
}

/** A string that matches a pattern. */
export function pattern(allowed: string, expression: RegExp) {
  return text(allowed, (value) => expression.test(value), { pattern: expression.source })
}

/** A whole number within bounds, both included. */
export function integer({ min, max }: { min: number; max: number }) {
  const allowed = `a whole number from ${min} to ${max}`
  return z.int(allowed).check(z.minimum(min, allowed), z.maximum(max, allowed))
}

/** An interface's name, as the kernel allows it. */
export const ifname = text(
  'an interface name: at most 15 bytes, without /, : or white space',
  (value) => ifnameFault(value) === undefined,
  { maxLength: 15, pattern: '^[^/:\\s]+$' },
)

const unicast = 'a unicast MAC address such as 02:00:5e:10:00:01'

/** A unicast Ethernet address; comes out in lower case with colons. */
export const mac = z.string(unicast).check(z.overwrite(colons), z.refine(isUnicast, unicast))

function isUnicast(value: string): boolean {
  const bytes = parseMac(value)
  return bytes !== undefined && isUnicastMac(bytes)
}

/** The three ways to write an Ethernet address (`aa:bb:…`, `aa-bb-…`, `aabb.ccdd.eeff`) as the first of them. */
function colons(value: string): string {
  const isDotted = /^[0-9a-f]{4}(\.[0-9a-f]{4}){2}$/i.test(value)
  const bytes = parseMac(isDotted ? value.replace(/\./g, '').replace(/..(?=.)/g, '$&:') : value)
  return bytes ? formatMac(bytes) : value
}

/** An IPv4 or IPv6 address. */
export const ip = text('an IP address such as 10.1.2.3 or fd00::1', isAddress)

/** An address with a prefix length. */
export const cidr = text(
  'an address with a prefix length such as 10.1.2.0/24 or fd00::/64',
  (value) => parseCidr(value) !== undefined,
)

/** An address, with a prefix length or without. */
export const ipOrCidr = text(
  'an IP address, with a prefix length or without: 10.1.2.3 or 10.1.2.3/24',
  (value) => isAddress(value) || parseCidr(value) !== undefined,
)

function isAddress(value: string): boolean {
  return parseAddress(value) !== undefined
}

/** An absolute path. */
export const path = text('an absolute path', (value) => value.startsWith('/') && !value.includes('\0'), {
  pattern: '^/',
})

/** The name of a plugin: an executable's, so no path. */
export const pluginName = text(
  'the name of a plugin, without a path',
  (value) => !/[/\0]/.test(value) && value !== '.' && value !== '..',
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

/** Says what a key means: a sentence or two for the documentation. Words that others use too are copied first. */
export function describe<S extends Schema>(schema: S, description: string): S {
  const wrapper = ['optional', 'default'].includes(schema._zod.def.type)
  const own = wrapper ? schema : schema.clone(schema._zod.def)
  z.globalRegistry.add(own, { ...z.globalRegistry.get(schema), description })
  return own
}

/** What `describe` said. */
export function description(schema: Schema): string {
  return z.globalRegistry.get(schema)?.description ?? ''
}

/** A schema without the wrappers around it: what a value, when there is one, is judged by. */
export function bare(schema: Schema): Schema {
  const def = schema._zod.def as { innerType?: Schema; getter?: () => Schema }
  const inner = def.innerType ?? def.getter?.()
  return inner ? bare(inner) : schema
}

/** The keys an object's schema knows, or undefined when the schema is of no object. */
export function shapeOf(schema: Schema): Shape | undefined {
  const def = bare(schema)._zod.def as { shape?: Shape }
  return def.shape
}

/** The schema of a list's elements, or undefined when the schema is of no list. */
export function elementOf(schema: Schema): Schema | undefined {
  const def = bare(schema)._zod.def as { element?: Schema }
  return def.element
}

/** Whether keys beyond the shape are welcome. */
export function isOpen(schema: Schema): boolean {
  const def = bare(schema)._zod.def as { catchall?: Schema }
  return def.catchall !== undefined
}
