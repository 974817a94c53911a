/** podman's options are strings (`-o vlanId=100`): each becomes the value that its key's schema takes. */

import type { Shape } from '../shared/config/schema.ts'
import { validateObject } from '../shared/config/strict.ts'

/** The configuration that options stand for; where no reading fits, the schema names the fault. */
export function valuesOf(options: Readonly<Record<string, string>>, shape: Shape): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([key, text]) => [key, valueFor(key, text, shape)]))
}

/** The first reading that fits; else the first of the right type, whose fault the schema then names. */
function valueFor(key: string, text: string, shape: Shape): unknown {
  const schema = Object.hasOwn(shape, key) ? shape[key] : undefined
  if (!schema) return text
  const faultsOf = (value: unknown) => validateObject({ [key]: schema }, { [key]: value }).issues
  const fits = (value: unknown) => faultsOf(value).length === 0
  const isOfType = (value: unknown) => faultsOf(value).every(({ code }) => !otherType.includes(String(code)))
  const all = readings(text)
  return all.find(fits) ?? all.find(isOfType) ?? text
}

/** zod's words for a value of another type. */
const otherType: readonly string[] = ['invalid_type', 'invalid_union']

/** A text, the JSON in it, and lists of the parts between commas: texts, JSON, or names of the members of a bond. */
function readings(text: string): unknown[] {
  const parts = text.split(',').map((part) => part.trim())
  return [text, asJson(text), parts, parts.map(asJson), parts.map((name) => ({ name }))]
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
