/** Judges an object key by key. Absent optional keys are passed over, so what is lazy stays unmade. */

import * as z from 'zod/mini'
import type { Schema, Shape } from './schema.ts'

export interface Judgement {
  /** The valid keys, defaults in place. */
  data: Record<string, unknown>
  issues: z.core.$ZodIssue[]
}

export function judgeObject(shape: Shape, raw: Record<string, unknown>): Judgement {
  const data: Record<string, unknown> = {}
  const issues: z.core.$ZodIssue[] = []
  for (const [key, schema] of Object.entries(shape)) {
    if (isLeftOut(schema, raw[key])) continue
    const outcome = z.safeParse(schema, raw[key])
    if (outcome.success) data[key] = outcome.data
    else issues.push(...below(key, outcome.error.issues))
  }
  return { data, issues }
}

/** Whether an optional key is absent: nothing to judge. */
export function isLeftOut(schema: Schema, value: unknown): boolean {
  return value === undefined && schema._zod.def.type === 'optional'
}

/** Issues of an inner value, as issues of the value that holds it. */
export function below(key: PropertyKey, issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  return issues.map((issue) => ({ ...issue, path: [key, ...issue.path] }))
}
