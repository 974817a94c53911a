/** The parts of a schema: its shape, its elements. */

import { absenceOf, type Schema, type Shape } from './deferred.ts'

/** A schema without its wrappers (optional, default): it validates a value that is present. */
export function bare(schema: Schema): Schema {
  const inner = absenceOf(schema)?.otherwise
  return inner ? bare(inner) : schema
}

/** The keys of an object's schema, or of the object that a value may be; undefined for another schema. */
export function shapeOf(schema: Schema): Shape | undefined {
  const { shape, options = [] } = bare(schema)._zod.def as { shape?: Shape; options?: Schema[] }
  return shape ?? options.map(shapeOf).find((found) => found !== undefined)
}

/** The schema of a list's elements, or undefined for another schema. */
export function elementOf(schema: Schema): Schema | undefined {
  const def = bare(schema)._zod.def as { element?: Schema }
  return def.element
}

/** Whether keys outside the shape are allowed. */
export function isOpen(schema: Schema): boolean {
  const def = bare(schema)._zod.def as { catchall?: Schema }
  return def.catchall !== undefined
}

/** The schemas inside a schema: of an object's keys, of a list's elements, of the choices. */
export function schemasIn(schema: Schema): Schema[] {
  return Object.values(schema._zod.def).flatMap(schemasOf)
}

function schemasOf(part: unknown): Schema[] {
  if (typeof part !== 'object' || part === null) return []
  return '_zod' in part ? [part as Schema] : Object.values(part).flatMap(schemasOf)
}
