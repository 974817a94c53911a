/** Has zod make the schemas of all configurations and results at build: the executables begin with them, so that no call has to make one. */

import { schema as validAttachments } from '../shared/cni/attachments.ts'
import { current, old } from '../shared/cni/prevresult.ts'
import type { Schema } from '../shared/config/deferred.ts'
import { bare, schemasIn } from '../shared/config/inspect.ts'
import { canonical } from '../shared/config/keys.ts'
import { take } from '../shared/config/lenient.ts'
import { silent } from '../shared/error/log.ts'
import { plugins } from './registry.ts'

/** Loads all plugins, and uses each schema once. @param except names of plugins to leave out */
export async function useSchemas(except: readonly string[] = []): Promise<void> {
  const seen = new Set<Schema>()
  for (const schema of [current, old, validAttachments]) judge(schema, seen)
  for (const [name, load] of Object.entries(plugins)) {
    if (except.includes(name)) continue
    const { config } = await load()
    config.canonical({})
    for (const schema of Object.values(config.shape)) judge(schema, seen)
  }
}

/**
 * Has a schema and those inside it judge a value, each once: V8 compiles what runs often, at a moment that differs between builds.
 * A call needs no wrapper for absent values: they are not made.
 */
function judge(wrapped: Schema, seen: Set<Schema>): void {
  const schema = bare(wrapped)
  if (seen.has(schema)) return
  seen.add(schema)
  take(schema, canonical(schema, {}), 'key', silent)
  for (const inner of schemasIn(schema)) judge(inner, seen)
}
