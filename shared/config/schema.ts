/**
 * The types of configuration values, made with zod/mini. Each type has the phrase that completes "must be …" in errors.
 */

import * as z from 'zod/mini'
import { parseAddress } from '../ip/address.ts'
import { isUnicastMac, parseMac } from '../ip/mac.ts'
import { parseCidr } from '../ip/subnet.ts'
import { absenceOf, deferred, type Facts, factsOf, type Schema, type Shape } from './deferred.ts'
import { isObject } from './json.ts'
import { ifnameFault, isLinkName } from './names.ts'
import { oncePer } from './once.ts'
import { validateObject } from './strict.ts'

// A configuration is parsed once: compiling a parser takes longer than it saves.
z.config({ jitless: true })

export type { Schema, Shape } from './deferred.ts'
export type Output<S extends Schema> = z.output<S>

export const anything = deferred(() => z.unknown())
export const boolean = deferred(() => z.boolean('true or false'))
export const string = deferred(() => z.string('a string'))

/** A string that passes a test; `allowed` completes "must be …". */
export function text(allowed: string, isValid: (value: string) => boolean, facts: Facts = {}) {
  const isText = (value: unknown) => typeof value === 'string' && isValid(value)
  return deferred(() => z.custom<string>(isText, allowed), { facts: { type: 'string', ...facts } })
}

/** A string that matches a pattern. */
export function pattern(allowed: string, expression: RegExp) {
  return text(allowed, (value) => expression.test(value), { pattern: expression.source })
}

/** The types of numbers by their bounds: many keys have the same. */
const integers = new Map<string, z.ZodMiniType<number>>()

/** A whole number within bounds, both included. */
export function integer(bounds: { min: number; max: number }): z.ZodMiniType<number> {
  const key = `${bounds.min} ${bounds.max}`
  const known = integers.get(key) ?? newInteger(bounds)
  integers.set(key, known)
  return known
}

function newInteger({ min, max }: { min: number; max: number }): z.ZodMiniType<number> {
  const isWithin = (value: unknown) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max
  const make = () => z.custom<number>(isWithin, `a whole number from ${min} to ${max}`)
  return deferred(make, { facts: { type: 'integer', minimum: min, maximum: max } })
}

/** An interface's name, as the kernel allows it. */
export const ifname = text(
  'an interface name: at most 15 bytes, without /, : or white space',
  (value) => ifnameFault(value) === undefined,
  { title: 'interface name', maxLength: 15, pattern: '^[^/:\\s]+$' },
)

/** The name of an existing link, which may be an alternative one (`ip link property add dev eth0 altname …`). */
export const linkName = text('an interface name: at most 127 bytes, without / or white space', isLinkName, {
  title: 'interface name',
  maxLength: 127,
  pattern: '^[^/\\s]+$',
})

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

/** The name of a plugin: the name of an executable, without a path. */
export const pluginName = text(
  'the name of a plugin, without a path',
  (value) => !/[/\0]/.test(value) && value !== '.' && value !== '..',
  { title: 'plugin name' },
)

/** One of the given words or numbers. */
export function oneOf<const Words extends readonly (string | number)[]>(...words: Words) {
  const quoted = () => words.map((word) => JSON.stringify(word)).join(', ')
  return deferred(() => z.literal(words, quoted().replace(/, ([^,]*)$/, ' or $1')))
}

/** A value of one schema or the other; `allowed` completes "must be …". */
export function either<One extends Schema, Other extends Schema>(allowed: string, one: One, other: Other) {
  return deferred(() => z.union([one, other], allowed))
}

/** A value of one schema, or an object: the faults of an object are told by their keys. `allowed` completes "must be …". */
export function orObject<One extends Schema, Other extends Schema>(allowed: string, one: One, other: Other) {
  return deferred(() => {
    const union = z.union([one, other], allowed)
    const { run } = one._zod
    union._zod.run = (payload, context) => {
      if (isObject(payload.value)) return other._zod.run(payload, context)
      const done = run(payload, context) as z.core.ParsePayload
      done.issues = done.issues.map((issue) => ({ ...issue, message: allowed }))
      return done
    }
    return union
  })
}

export function list<S extends Schema>(element: S) {
  return listOf(element) as z.ZodMiniArray<S>
}

/** Many keys are lists of the same. */
const listOf = oncePer((element: Schema) => deferred(() => withFewFaults(z.array(element, 'a list'))))

/** An object with the keys in its shape; misspelled keys are refused, other unknown keys are dropped. */
export function object<S extends Shape>(shape: S) {
  return deferred(() => keyByKey(z.object(shape, 'an object')))
}

/** An object that may have any key besides those in its shape. */
export function open<S extends Shape>(shape: S) {
  return deferred(() => keyByKey(z.looseObject(shape, 'an object')))
}

/**
 * An object whose other keys are kept, although its type does not have them: what a newer version has written is still there when this one
 * changes a part of the value.
 */
export function keeping<S extends Shape>(shape: S) {
  return open(shape) as unknown as ReturnType<typeof object<S>>
}

/** Validates an object by the schemas of its present keys: zod would make and run those of all. */
function keyByKey<S extends z.ZodMiniObject>(schema: S): S {
  const { shape, catchall } = schema._zod.def
  schema._zod.run = (payload) => {
    const { value } = payload
    if (isObject(value)) {
      const { data, issues } = validateObject(shape as Shape, value)
      payload.value = catchall ? { ...value, ...data } : data
      payload.issues.push(...(issues as z.core.$ZodRawIssue[]))
    } else payload.issues.push({ code: 'invalid_type', expected: 'object', input: value, inst: schema })
    return payload
  }
  return schema
}

/** An object with any keys, whose values have one schema. */
export function record<S extends Schema>(value: S) {
  return deferred(() => withoutProto(withFewFaults(z.record(z.string(), value, 'an object'))))
}

/** zod leaves this key out of a record, without a word. */
function withoutProto<S extends Schema>(schema: S): S {
  const { run } = schema._zod
  schema._zod.run = (payload, context) => {
    const { value: input } = payload
    const done = run(payload, context) as z.core.ParsePayload
    if (isObject(input) && Object.hasOwn(input, '__proto__'))
      done.issues.push({ code: 'custom', path: ['__proto__'], input, message: 'left out' })
    return done
  }
  return schema
}

/** So many faulty values of a list are told apart. */
const mostFaults = 1000

/** With more faults than `mostFaults`, the whole is at fault, too: zod fails with more than an engine's arguments of a call. */
function withFewFaults<S extends Schema>(schema: S): S {
  const { run } = schema._zod
  const few = (payload: z.core.ParsePayload) => {
    const { issues, value: input } = payload
    const message = `without more than ${mostFaults} faults`
    if (issues.length > mostFaults)
      issues.splice(mostFaults, issues.length, { code: 'custom', path: [], input, message })
    return payload
  }
  schema._zod.run = (payload, context) => few(run(payload, context) as z.core.ParsePayload)
  return schema
}

/** A schema that, with its inner schemas, is made on first use: for keys that few configurations have. */
export function lazy<S extends Schema>(make: () => S): S {
  return deferred(make)
}

export function optional<S extends Schema>(schema: S) {
  return deferred(() => z.optional(schema), { absence: { value: undefined, otherwise: schema } })
}

export function withDefault<S extends Schema>(schema: S, value: NonNullable<z.output<S>>) {
  return deferred(() => z._default(schema, value as never), { absence: { value, otherwise: schema } })
}

/**
 * Adds a description of a key: one or two sentences for the documentation.
 * @param since the release that has the key first; undefined for 0.1.0
 */
export function describe<S extends Schema>(schema: S, description: string, since?: string): S {
  const facts = { ...factsOf(schema), description, ...(since && { since }) }
  return deferred(() => schema, { facts, absence: absenceOf(schema) })
}
