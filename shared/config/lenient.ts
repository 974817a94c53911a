/** Reads the valid parts of a configuration that ADD would refuse: DEL cleans up with these. */

import * as z from 'zod/mini'
import { type Log, silent } from '../error/log.ts'
import { bare } from './inspect.ts'
import { complaintsOf, type Path } from './issues.ts'
import type { Schema, Shape } from './schema.ts'
import { absent, below } from './strict.ts'

/** Marks a dropped value, so that the indices of a list stay the same until all parts are validated. */
const hole = Symbol('dropped')

/** So many faults of a key are logged. */
const mostWarnings = 10

type Holder = Record<PropertyKey, unknown>

/** Reads each key of a shape by itself; a key without a valid part is left out. */
export function takeObject(shape: Shape, raw: Record<string, unknown>, log: Log): Record<string, unknown> {
  const config: Record<string, unknown> = {}
  for (const [key, schema] of Object.entries(shape)) {
    const value = take(schema, raw[key], key, log)
    if (value !== undefined) config[key] = value
  }
  return config
}

/** The valid parts of a key's value; each other part is dropped with a warning. */
export function take(schema: Schema, value: unknown, key: string, log: Log): unknown {
  const { data, error } = value === undefined ? absent(schema) : z.safeParse(bare(schema), value)
  if (!error || value === undefined) return data
  const complaints = complaintsOf(below(key, error.issues), { [key]: value })
  for (const { msg } of complaints.slice(0, mostWarnings)) log.warn(`${msg}; going on without it`)
  const more = complaints.length - mostWarnings
  if (more > 0) log.warn(`${key} has ${more} faults more; going on without these parts`)
  const box: Holder = { value: compact(value) }
  for (const { path } of error.issues) drop(box, path)
  // Faults that result from dropped parts need no warning.
  return take(schema, compact(box.value), key, silent)
}

/** Drops the value at a path, or the innermost value above when there is none. */
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
