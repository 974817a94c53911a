/** A plugin's configuration as JSON Schema, for editors and linters. Loaded by tools, never on the way of a call. */

import * as z from 'zod/mini'
import type { Plugin } from './plugin.ts'
import { factsOf } from './schema.ts'

/** What the vocabulary says of its words, as zod asks for it. */
const metadata = { get: factsOf } as unknown as z.core.$ZodRegistry<Record<string, unknown>>

/**
 * The JSON Schema (draft 2020-12) of a plugin's configuration: an entry of a conflist's `plugins`.
 * It cannot say that keys match whatever their case, nor the rules across keys; it warns of nothing that it does not know.
 */
export function jsonSchema({ name, summary, config }: Plugin): object {
  const options = { io: 'input', unrepresentable: 'any', metadata } as const
  const schema = z.toJSONSchema(z.looseObject(config.shape), options)
  return { ...schema, title: name, description: summary }
}
