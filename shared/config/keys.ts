/**
 * Keys match in upper and lower case, as in Go: containerd sends `HostPort`, podman `hostPort`. As in Go, a known key with
 * `null` or an empty string counts as absent.
 */

import { elementOf, shapeOf } from './inspect.ts'
import { isObject } from './json.ts'
import { oncePer } from './once.ts'
import type { Schema } from './schema.ts'

/** A value with its known keys in canonical case, at any depth. Of two keys that differ only in case, the exact one is used. */
export function canonical(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const element = elementOf(schema)
    return element ? value.map((item) => canonical(element, item)) : value
  }
  const shape = isObject(value) ? shapeOf(schema) : undefined
  return shape ? canonicalObject(shape, value as object) : value
}

/** The same for an object's shape. */
export function canonicalObject(shape: Record<string, Schema>, value: object): Record<string, unknown> {
  const folded = foldedKeys(shape)
  const entries = new Map<string, unknown>()
  for (const [key, item] of Object.entries(value)) {
    const known = folded.get(key.toLowerCase())
    if (known === undefined) entries.set(key, item)
    else if (key === known || !Object.hasOwn(value, known)) set(entries, known, shape[known] as Schema, item)
  }
  return Object.fromEntries(entries)
}

/** The keys of a shape by their lower case: made once, since a list may have thousands of objects of the shape. */
const foldedKeys = oncePer(
  (shape: object): ReadonlyMap<string, string> =>
    new Map(Object.keys(shape).map((key) => [key.toLowerCase(), key])),
)

function set(entries: Map<string, unknown>, key: string, schema: Schema, item: unknown): void {
  if (item === null || item === '') entries.delete(key)
  else entries.set(key, canonical(schema, item))
}
