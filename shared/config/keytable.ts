/** The table of a plugin's keys for its documentation. Loaded by tools only, never in a call. */

import { description, factsOf, type Schema, type Shape } from './deferred.ts'
import { bare, elementOf, shapeOf } from './inspect.ts'

/** The keys as a Markdown table; keys of nested objects follow as `ipam.ranges[][].subnet`. Only keys with a description are listed. */
export function keyTable(shape: Shape): string {
  const cells = [['key', 'type', 'default', 'meaning'], ...rows(shape, '')]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const [head, ...lines] = cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)))
  const rule = widths.map((width) => '-'.repeat(width))
  return [head ?? [], rule, ...lines].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function rows(shape: Shape, prefix: string): string[][] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    const name = prefix + key
    const meaning = description(schema)
    const own = meaning ? [[`\`${name}\``, typeName(schema), defaultOf(schema), escapePipes(meaning)]] : []
    return [...own, ...inner(schema, name)]
  })
}

function inner(schema: Schema, name: string): string[][] {
  const element = elementOf(schema)
  if (element) return inner(element, `${name}[]`)
  const shape = shapeOf(schema)
  return shape ? rows(shape, `${name}.`) : []
}

function defaultOf(schema: Schema): string {
  const { type, defaultValue } = schema._zod.def as { type: string; defaultValue?: unknown }
  if (type === 'default') return `\`${JSON.stringify(defaultValue)}\``
  return type === 'optional' ? '' : 'required'
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
