/** Keys that no schema knows: slips are refused with the key that was meant, the rest is let pass. */

import type { Complaint } from './error.ts'
import { elementOf, isOpen, shapeOf } from './inspect.ts'
import { formatPath, type Path } from './issues.ts'
import { isObject } from './json.ts'
import type { Schema } from './schema.ts'

/** An unknown key: where it stands and what is known there. */
export interface Stranger {
  path: Path
  key: string
  known: string[]
}

/** The unknown keys of a value in canonical case, at any depth, but for objects that are open. */
function strangers(schema: Schema, value: unknown, path: Path = []): Stranger[] {
  const element = elementOf(schema)
  if (element && Array.isArray(value)) {
    return value.flatMap((item, index) => strangers(element, item, [...path, index]))
  }
  const shape = shapeOf(schema)
  return shape && isObject(value) ? strangersIn(shape, value, path, isOpen(schema)) : []
}

/** The same for an object's shape. */
export function strangersIn(
  shape: Record<string, Schema>,
  value: object,
  path: Path = [],
  open = false,
): Stranger[] {
  return Object.entries(value).flatMap(([key, item]) => {
    const here = [...path, key]
    if (Object.hasOwn(shape, key)) return strangers(shape[key] as Schema, item, here)
    return open || isForeign(key) ? [] : [{ path: here, key, known: Object.keys(shape) }]
  })
}

/** Keys that the spec, a runtime or a person adds: anything with a dot, a leading underscore. */
function isForeign(key: string): boolean {
  return key.includes('.') || key.startsWith('_')
}

/** What to say of an unknown key: whose it is, which was meant; undefined when it is a slip of nothing. */
export function complaintAbout(
  path: Path,
  meant?: string,
  owners: readonly string[] = [],
): Complaint | undefined {
  const where = formatPath(path)
  if (owners.length > 0) {
    const plugins = `${owners.length > 1 ? 'plugins' : 'plugin'} ${enumerate(owners, 'and')}`
    const types = enumerate(
      owners.map((owner) => `"${owner}"`),
      'or',
    )
    const instead = meant ? `; did you mean ${meant}?` : ''
    return {
      msg: `unknown key ${where}: it belongs to the ${plugins}${instead}`,
      hint: `take ${where} out${meant ? `, or write ${meant}` : ''}, or use "type": ${types}`,
    }
  }
  if (!meant) return undefined
  const right = formatPath([...path.slice(0, -1), meant])
  return {
    msg: `unknown key ${where}, did you mean ${right}?`,
    hint: `write ${right}; a key that begins with "_" is never judged`,
  }
}

/** `a, b and c` */
function enumerate(words: readonly string[], last: string): string {
  return words.join(', ').replace(/, ([^,]*)$/, ` ${last} $1`)
}
