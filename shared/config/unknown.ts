/**
 * Unknown keys. One that is known elsewhere in the field has no effect here, but users copy it and runtimes send it: a warning.
 * A misspelt key is refused with the right one. Any other gets the same warning.
 */

import type { Complaint } from '../error/error.ts'
import { elementOf, isOpen, shapeOf } from './inspect.ts'
import { formatPath, type Path } from './issues.ts'
import { isObject } from './json.ts'
import { nearest } from './near.ts'
import type { Schema } from './schema.ts'

/** An unknown key: its path, and the known keys at that place. */
export interface UnknownKey {
  path: Path
  key: string
  known: string[]
}

/** The unknown keys of a value in canonical case, at any depth, except in open objects. */
function unknownKeys(schema: Schema, value: unknown, path: Path = []): UnknownKey[] {
  if (Array.isArray(value)) {
    const element = elementOf(schema)
    return element ? value.flatMap((item, index) => unknownKeys(element, item, [...path, index])) : []
  }
  const shape = isObject(value) ? shapeOf(schema) : undefined
  return shape ? unknownKeysIn(shape, value as object, path, isOpen(schema)) : []
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

/** The unknown keys of an object in canonical case, not of the objects in it. */
export function unknownAmong(shape: Record<string, Schema>, value: unknown): string[] {
  if (!isObject(value)) return []
  return Object.keys(value).filter((key) => !Object.hasOwn(shape, key) && !isForeign(key))
}

/** Whether a key is an extension by the spec, a runtime or a person: it has a dot or a leading underscore. */
export function isForeign(key: string): boolean {
  return key.includes('.') || key.startsWith('_')
}

/** Who knows a key, plugins and projects, by the key in lower case (`ipmasq`, `ipam.range`). */
export type Origins = ReadonlyMap<string, readonly string[]>

/** What is known of an unknown key. Strictness is the caller's: ADD refuses only misspelt keys. */
export interface Judged {
  path: Path
  /** Who else knows it. */
  origins: readonly string[]
  /** The known key that it is near to. */
  meant?: string
}

/** Only so many unknown keys are compared with the known ones, which takes long; real configurations have fewer. */
const compared = 100

export function judge(unknown: readonly UnknownKey[], origins: Origins): Judged[] {
  return unknown.map(({ path, key, known }, index) => ({
    path,
    origins: origins.get(formatPath(path).toLowerCase()) ?? [],
    meant: index < compared ? nearest(key, known) : undefined,
  }))
}

/** Keys that are younger than configurations that work, which may have the same key, or a similar one, for another program. */
const younger = ['log']

/** Whether ADD takes a configuration in which such a key has a value that it does not allow. */
export function isYounger(key: PropertyKey | undefined): boolean {
  return younger.some((one) => one === key)
}

/** Whether a key is known nowhere, and near to one that is known here. */
export function isMisspelt({ origins, meant }: Judged): boolean {
  return origins.length === 0 && meant !== undefined && !isYounger(meant)
}

/** The complaint about a misspelt key. */
export function complaintAbout({ path, meant = '' }: Judged): Complaint {
  const right = formatPath([...path.slice(0, -1), meant])
  return {
    msg: `unknown key ${formatPath(path)}, did you mean ${right}?`,
    hint: `write ${right}; a key that begins with "_" is always ignored`,
  }
}

/** One line about all keys without effect. */
export function warningAbout(keys: readonly Judged[]): string {
  return `keys without effect here: ${someOf(keys.map(inWords), 20)}`
}

/** `ipMasq (of bridge, ptp, flannel)` */
export function inWords({ path, origins, meant }: Judged): string {
  const who = origins.length > 0 ? `of ${someOf(origins, 3)}` : 'unknown'
  return `${formatPath(path)} (${who}${meant === undefined ? '' : `; did you mean ${meant}?`})`
}

/** The first ones, and how many there are besides. */
function someOf(words: readonly string[], most: number): string {
  const more = words.length > most ? ` and ${words.length - most} more` : ''
  return words.slice(0, most).join(', ') + more
}
