/** Judges an object key by key. For an absent key no schema is made. */

import * as z from 'zod/mini'
import { bare } from './inspect.ts'
import { absenceOf, type Schema, type Shape } from './schema.ts'

export interface Judgement {
  /** The valid keys, defaults in place. */
  data: Record<string, unknown>
  issues: z.core.$ZodIssue[]
}

export function judgeObject(shape: Shape, raw: Record<string, unknown>): Judgement {
  const data: Record<string, unknown> = {}
  const issues: z.core.$ZodIssue[] = []
  for (const [key, schema] of Object.entries(shape)) {
    const outcome = raw[key] === undefined ? absent(schema) : z.safeParse(bare(schema), raw[key])
    if (!outcome.success) issues.push(...below(key, outcome.error.issues))
    else if (outcome.data !== undefined) data[key] = outcome.data
  }
  return { data, issues }
}

/** What the absence of a key comes to. Most keys are absent from most configurations, so this takes no parser. */
export function absent(schema: Schema): z.core.util.SafeParseResult<unknown> {
  const absence = absenceOf(schema)
  return absence ? { success: true, data: absence.value } : z.safeParse(schema, undefined)
}

/** Issues of an inner value, as issues of the value that holds it. */
export function below(key: PropertyKey, issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  return issues.map((issue) => ({ ...issue, path: [key, ...issue.path] }))
}
