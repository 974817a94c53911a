/** podman's options are strings (`-o vlanId=100`): each becomes the value that its key's schema takes. */

import type { Shape } from '../shared/config/schema.ts'
import { validateObject } from '../shared/config/strict.ts'
import { isReserved, spelt } from './option-keys.ts'

/** The configuration that options stand for; a text that no reading fits stays a text, so that the schema names the fault. */
export function valuesOf(options: Readonly<Record<string, string>>, shape: Shape): Record<string, unknown> {
  const own = Object.entries(options).filter(([name]) => !isReserved(name))
  return Object.fromEntries(
    own.map(([name, text]) => {
      const key = spelt(name, shape)
      return [key, valueFor(key, text, shape)]
    }),
  )
}

function valueFor(key: string, text: string, shape: Shape): unknown {
  const schema = Object.hasOwn(shape, key) ? shape[key] : undefined
  if (!schema) return text
  const fits = (value: unknown) => validateObject({ [key]: schema }, { [key]: value }).issues.length === 0
  return readings(text).find(fits) ?? text
}

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
