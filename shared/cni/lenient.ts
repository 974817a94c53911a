/** Takes what it can of a configuration that ADD would refuse: DEL cleans up with what is left. */

import * as z from 'zod/mini'
import { bare } from './inspect.ts'
import { complaintsOf, type Path } from './issues.ts'
import { type Log, silent } from './log.ts'
import type { Schema, Shape } from './schema.ts'
import { absent, below } from './strict.ts'

/** Marks what was dropped, so that the indices of a list hold until all is judged. */
const hole = Symbol('dropped')

type Holder = Record<PropertyKey, unknown>

/** Each key of a shape by itself; one that cannot be saved is absent from the outcome. */
export function takeObject(shape: Shape, raw: Record<string, unknown>, log: Log): Record<string, unknown> {
  const config: Record<string, unknown> = {}
  for (const [key, schema] of Object.entries(shape)) {
    const value = take(schema, raw[key], key, log)
    if (value !== undefined) config[key] = value
  }
  return config
}

/** What is valid of the value of a key: exactly the parts that are not are dropped, each with a warning. */
export function take(schema: Schema, value: unknown, key: string, log: Log): unknown {
  const { data, error } = value === undefined ? absent(schema) : z.safeParse(bare(schema), value)
  if (!error || value === undefined) return data
  for (const { msg } of complaintsOf(below(key, error.issues), { [key]: value })) {
    log.warn(`${msg}; going on without it`)
  }
  const box: Holder = { value: compact(value) }
  for (const { path } of error.issues) drop(box, path)
  // What follows from what was dropped needs no warnings of its own.
  return take(schema, compact(box.value), key, silent)
}

/** Drops what is at a path; when nothing is there, what should have held it. */
function drop(box: Holder, path: Path): void {
  let [holder, last]: [Holder, PropertyKey] = [box, 'value']
  for (const step of path) {
    const inner = holder[last] as Holder | typeof hole
    if (typeof inner === 'symbol') return
    if (inner[step] === undefined) break
    ;[holder, last] = [inner, step]
  }
  holder[last] = hole
}

/** A copy without the holes. */
function compact(value: unknown): unknown {
  if (value === hole) return undefined
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.filter((item) => item !== hole).map(compact)
  const kept = Object.entries(value).filter(([, item]) => item !== hole)
  return Object.fromEntries(kept.map(([key, item]) => [key, compact(item)]))
}
