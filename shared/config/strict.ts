/** Validates an object key by key. No schema is made for an absent key. */

import * as z from 'zod/mini'
import { absenceOf, type Schema, type Shape } from './deferred.ts'
import { bare } from './inspect.ts'

export interface Validated {
  /** The valid keys, with defaults. */
  data: Record<string, unknown>
  issues: z.core.$ZodIssue[]
}

export function validateObject(shape: Shape, raw: Record<string, unknown>): Validated {
  const data: Record<string, unknown> = {}
  const issues: z.core.$ZodIssue[] = []
  for (const key of Object.keys(shape)) {
    const schema = shape[key] as Schema
    const outcome = raw[key] === undefined ? absent(schema) : z.safeParse(bare(schema), raw[key])
    if (!outcome.success) issues.push(...below(key, outcome.error.issues))
    else if (outcome.data !== undefined) data[key] = outcome.data
  }
  return { data, issues }
}

/** The outcome for an absent key. It needs no parser, because most keys are absent in most configurations. */
export function absent(schema: Schema): z.core.util.SafeParseResult<unknown> {
  const absence = absenceOf(schema)
  return absence ? { success: true, data: absence.value } : z.safeParse(schema, undefined)
}

/** Issues of an inner value, with the path of the value around it. */
export function below(key: PropertyKey, issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  return issues.map((issue) => ({ ...issue, path: [key, ...issue.path] }))
}
