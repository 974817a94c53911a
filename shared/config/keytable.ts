/** The table of a plugin's keys for its documentation. Loaded by tools only, never in a call. */

import { description, factsOf, type Schema, type Shape } from './deferred.ts'
import { bare, elementOf, shapeOf } from './inspect.ts'

/** What a schema says of a key. */
export interface KeyEntry {
  /** `ipam.ranges[][].subnet` */
  key: string
  schema: Schema
  /** In words. Values are between backticks. */
  type: string
  /** Undefined where there is none. */
  default?: unknown
  isRequired: boolean
  meaning: string
  /** The release of Patchbay that has it first. */
  since: string
}

/** The first release. */
const first = '0.1.0'

/** The keys as a Markdown table; keys of nested objects follow as `ipam.ranges[][].subnet`. Only keys with a description are listed. */
export function keyTable(shape: Shape): string {
  const cells = [['key', 'type', 'default', 'meaning'], ...keysOf(shape).map(row)]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const [head, ...lines] = cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)))
  const rule = widths.map((width) => '-'.repeat(width))
  return [head ?? [], rule, ...lines].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function row({ key, type, meaning, isRequired, default: value }: KeyEntry): string[] {
  const shown = value === undefined ? '' : `\`${JSON.stringify(value)}\``
  return [`\`${key}\``, type, isRequired ? 'required' : shown, escapePipes(meaning)]
}

/** The keys with a description, each before those of the objects in it. */
export function keysOf(shape: Shape, prefix = ''): KeyEntry[] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    const name = prefix + key
    const meaning = description(schema)
    const { since = first } = factsOf(schema)
    const own = meaning
      ? [{ key: name, schema, type: typeName(schema), meaning, since, ...absence(schema) }]
      : []
    return [...own, ...inner(schema, name)]
  })
}

function inner(schema: Schema, name: string): KeyEntry[] {
  const element = elementOf(schema)
  if (element) return inner(element, `${name}[]`)
  const shape = shapeOf(schema)
  return shape ? keysOf(shape, `${name}.`) : []
}

function absence(schema: Schema): Pick<KeyEntry, 'default' | 'isRequired'> {
  const { type, defaultValue } = schema._zod.def as { type: string; defaultValue?: unknown }
  if (type === 'default') return { default: defaultValue, isRequired: false }
  return { isRequired: type !== 'optional' }
}

function typeName(schema: Schema): string {
  const word = bare(schema)
  const { title, type, minimum, maximum } = factsOf(word)
  if (title) return title
  if (type === 'integer') return `integer, ${minimum} to ${maximum}`
  const def = word._zod.def as { type: string; values?: unknown[]; valueType?: Schema; options?: Schema[] }
  if (def.values) return def.values.map((value) => `\`${JSON.stringify(value)}\``).join(', ')
  if (def.valueType) return `map of ${typeName(def.valueType)}`
  if (def.options) return def.options.map(typeName).join(' or ')
  const element = elementOf(word)
  return element ? `list of ${typeName(element)}` : String(type ?? def.type)
}

function escapePipes(text: string): string {
  return text.replace(/\|/g, '\\|')
}
