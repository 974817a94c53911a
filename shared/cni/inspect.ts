/** What a schema of the vocabulary is made of. */

import { absenceOf, type Schema, type Shape } from './schema.ts'

/** A schema without the wrappers around it: what a value, when there is one, is judged by. */
export function bare(schema: Schema): Schema {
  const inner = absenceOf(schema)?.otherwise
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
