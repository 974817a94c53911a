/** Unknown keys: a misspelled key, or a key of another plugin, is refused with a hint. Other unknown keys are ignored. */

import type { Complaint } from '../error/error.ts'
import { elementOf, isOpen, shapeOf } from './inspect.ts'
import { formatPath, type Path } from './issues.ts'
import { isObject } from './json.ts'
import type { Schema } from './schema.ts'

/** An unknown key: its path, and the known keys at that place. */
export interface UnknownKey {
  path: Path
  key: string
  known: string[]
}

/** The unknown keys of a value in canonical case, at any depth, except in open objects. */
function unknownKeys(schema: Schema, value: unknown, path: Path = []): UnknownKey[] {
  const element = elementOf(schema)
  if (element && Array.isArray(value)) {
    return value.flatMap((item, index) => unknownKeys(element, item, [...path, index]))
  }
  const shape = shapeOf(schema)
  return shape && isObject(value) ? unknownKeysIn(shape, value, path, isOpen(schema)) : []
}

/** The same for an object's shape. */
export function unknownKeysIn(
  shape: Record<string, Schema>,
  value: object,
  path: Path = [],
  open = false,
): UnknownKey[] {
  const known = Object.keys(shape)
  return Object.entries(value).flatMap(([key, item]) => {
    const here = [...path, key]
    if (Object.hasOwn(shape, key)) return unknownKeys(shape[key] as Schema, item, here)
    return open || isForeign(key) ? [] : [{ path: here, key, known }]
  })
}

/** Whether a value in canonical case has unknown keys at its top level. */
export function hasUnknownKeys(shape: Record<string, Schema>, value: object): boolean {
  return Object.keys(value).some((key) => !Object.hasOwn(shape, key) && !isForeign(key))
}

/** Whether a key is an extension by the spec, a runtime or a person: it has a dot or a leading underscore. */
function isForeign(key: string): boolean {
  return key.includes('.') || key.startsWith('_')
}

/**
 * The complaint about an unknown key; undefined when the key is ignored.
 * @param meant the known key that it is probably a misspelling of
 * @param owners the plugins that the key belongs to
 */
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
      hint: `remove ${where}${meant ? `, or write ${meant}` : ''}, or use "type": ${types}`,
    }
  }
  if (!meant) return undefined
  const right = formatPath([...path.slice(0, -1), meant])
  return {
    msg: `unknown key ${where}, did you mean ${right}?`,
    hint: `write ${right}; a key that begins with "_" is always ignored`,
  }
}

/** `a, b and c` */
function enumerate(words: readonly string[], last: string): string {
  return words.join(', ').replace(/, ([^,]*)$/, ` ${last} $1`)
}
