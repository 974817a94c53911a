/** Values of the store and of files as what they should be: another program may have written anything. */

import * as z from 'zod/mini'
import { complaintsOf } from '../../shared/config/issues.ts'
import { jsonIn } from '../../shared/config/json.ts'
import type { Output, Schema } from '../../shared/config/schema.ts'
import { CniError, Code } from '../../shared/error/error.ts'

/** A value, or why there is none. */
export type Read<T> = { value: T } | { why: string }

/** A text that should be the JSON of a schema. */
export function readValue<S extends Schema>(schema: S, text: string): Read<Output<S>> {
  const raw = jsonIn(text)
  if (raw === undefined) return { why: 'it is no JSON' }
  const done = z.safeParse(schema, raw)
  if (done.success) return { value: done.data as Output<S> }
  return { why: complaintsOf(done.error.issues, raw)[0]?.msg ?? 'it has another form' }
}

/** Whether a word is of a type, such as a pool's name. */
export function isA(schema: Schema, word: string): boolean {
  return z.safeParse(schema, word).success
}

/** A time for people, as the clock of some host told it: ISO 8601 in UTC, or undefined when it is none. */
export function timeIn(text: string): string | undefined {
  const time = text.length > 40 ? Number.NaN : Date.parse(text)
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}
/** A value of a schema. @param file that has it @throws CniError of code 7 that names the key */
export function validValue<S extends Schema>(schema: S, raw: unknown, file: string): Output<S> {
  const done = z.safeParse(schema, raw)
  if (done.success) return done.data as Output<S>
  const [first, ...also] = complaintsOf(done.error.issues, raw)
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: first?.msg ?? 'it has another form',
    path: file,
    also,
  })
}
