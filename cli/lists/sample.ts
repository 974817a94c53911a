/** An example of a key: as a network of conf-examples has it, or else made from its schema. */

import { factsOf, type Schema } from '../../shared/config/deferred.ts'
import { bare, elementOf, shapeOf } from '../../shared/config/inspect.ts'
import { isObject, jsonIn } from '../../shared/config/json.ts'
import { isOwnIpam } from '../../shared/ipam/ipam.ts'
import { examples } from '../installation/examples.ts'
import type { Key } from './keys.ts'

export interface Sample {
  /** The object of a plugin, with no other keys than its type. */
  plugin: Record<string, unknown>
  /** The example that has it. */
  file?: string
}

/** Undefined where the schema tells too little. */
export function sampleOf(key: Key): Sample | undefined {
  const path = key.key.match(/[^.[\]]+|\[\]/g) ?? []
  const shown = inExamples(key.plugins, path)
  const value = shown?.value ?? valueFor(key.schema, key.default)
  if (value === undefined) return undefined
  const type = shown?.type ?? key.plugins[0] ?? ''
  const inner = nested(path, value)
  const plugin =
    isOwnIpam(type) && isObject(inner.ipam) ? { ipam: { type, ...inner.ipam } } : { type, ...inner }
  return { plugin, ...(shown && { file: shown.file }) }
}

function inExamples(plugins: readonly string[], path: readonly string[]) {
  for (const [file, text] of Object.entries(examples)) {
    const list = jsonIn(text)
    const members = isObject(list) && Array.isArray(list.plugins) ? list.plugins.filter(isObject) : []
    for (const member of members) {
      const delegate = isObject(member.ipam) ? String(member.ipam.type) : ''
      const type = [String(member.type), delegate].find((name) => plugins.includes(name))
      const value = type === undefined ? undefined : valueAt(member, path)
      if (type !== undefined && value !== undefined) return { file, type, value }
    }
  }
  return undefined
}

/** The first value at a path; `[]` is any element. */
function valueAt(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return value
  if (step !== '[]') return isObject(value) ? valueAt(value[step], rest) : undefined
  const items = Array.isArray(value) ? value : []
  return items.map((item) => valueAt(item, rest)).find((found) => found !== undefined)
}

function nested(path: readonly string[], value: unknown): Record<string, unknown> {
  return path.reduceRight<unknown>(
    (inner, step) => (step === '[]' ? [inner] : { [step]: inner }),
    value,
  ) as Record<string, unknown>
}

const words: Readonly<Record<string, unknown>> = {
  'interface name': 'eth0',
  'MAC address': '02:00:5e:10:00:01',
  'IP address': '10.1.2.3',
  'address with prefix': '10.1.2.0/24',
  'address, with prefix or without': '10.1.2.3',
  'absolute path': '/run/example',
  'plugin name': 'host-local',
}

/** A value other than the default. */
function valueFor(schema: Schema, usual?: unknown): unknown {
  const inner = bare(schema)
  const { title = '', type, minimum = 0, maximum = 0 } = factsOf(inner)
  if (Object.hasOwn(words, title)) return words[title]
  if (type === 'integer') return Math.min(maximum, Math.max(minimum, Number(usual ?? 0) + 1))
  const def = inner._zod.def as { type: string; values?: unknown[]; options?: Schema[] }
  if (def.values) return def.values.find((value) => value !== usual)
  if (def.options?.[0]) return valueFor(def.options[0])
  if (def.type === 'boolean') return usual !== true
  const element = elementOf(inner)
  if (element) return listOf(valueFor(element))
  return shapeOf(inner) ? objectFor(inner) : undefined
}

const listOf = (value: unknown) => (value === undefined ? undefined : [value])

/** The first key of an object, and those that it must have. */
function objectFor(schema: Schema): object | undefined {
  const all = Object.entries(shapeOf(schema) ?? {})
  const needed = all.filter(([, inner]) => !['optional', 'default'].includes(inner._zod.def.type))
  const shown = needed.length > 0 ? needed : all.slice(0, 1)
  const values = shown.map(([key, inner]) => [key, valueFor(inner)] as const)
  return values.every(([, value]) => value !== undefined) ? Object.fromEntries(values) : undefined
}
