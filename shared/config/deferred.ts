/** Schemas that are made when they are first used, and what is known of them before. */

import type * as z from 'zod/mini'

/** Any schema. */
export type Schema<Output = unknown> = z.ZodMiniType<Output>
export type Shape = Record<string, z.ZodMiniType>

/** Facts of a type for JSON Schema and key tables; `title` is its name in tables. */
export type Facts = {
  title?: string
  description?: string
  type?: string
  pattern?: string
  maxLength?: number
  minimum?: number
  maximum?: number
  /** The release of Patchbay that has the key first. Default: 0.1.0. */
  since?: string
}

/** For a key that may be absent: its value when it is absent, and the schema of a value that is present. */
interface Absence {
  value: unknown
  otherwise: Schema
}

/** What is known of a type before its schema is made. */
interface Known {
  facts?: Facts
  absence?: Absence
}

/** A schema that is made on first use: a configuration has few of the keys. */
export function deferred<S extends Schema>(make: () => S, known: Known = {}): S {
  const standIn: Known & Pick<S, '_zod'> = {
    ...known,
    get _zod() {
      const { _zod } = make()
      Object.defineProperty(standIn, '_zod', { value: _zod })
      return _zod
    },
  }
  return standIn as S & Known
}

/** The facts of a schema. */
export function factsOf(schema: Schema): Facts {
  return (schema as Known).facts ?? {}
}

/** The description of a schema, or an empty text. */
export function description(schema: Schema): string {
  return factsOf(schema).description ?? ''
}

/** Undefined for a key that must be present. */
export function absenceOf(schema: Schema): Absence | undefined {
  return (schema as Known).absence
}
