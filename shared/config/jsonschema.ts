/** A plugin's configuration as JSON Schema, for editors and linters. Loaded by tools only, never in a call. */

import * as z from 'zod/mini'
import { toJSONSchema } from 'zod/v4/core'
import type { ConfigSchema } from './config.ts'
import { factsOf } from './deferred.ts'

/** The facts of schemas, in the form of zod's registry. */
const metadata = { get: factsOf } as unknown as z.core.$ZodRegistry<Record<string, unknown>>

/** A plugin, as far as its configuration goes. */
interface Described {
  name: string
  summary: string
  config: Pick<ConfigSchema<never>, 'shape'>
}

/**
 * The JSON Schema (draft 2020-12) of a plugin's configuration: an entry of a conflist's `plugins`.
 * It does not express that keys match in any case, nor the rules across keys, and it allows unknown keys.
 */
export function jsonSchema({ name, summary, config }: Described): object {
  const options = { io: 'input', unrepresentable: 'any', metadata } as const
  const schema = toJSONSchema(z.looseObject(config.shape), options)
  return { ...schema, title: name, description: summary }
}
