/** What the build does once, so that no call has to: what QuickJS and zod make when it is first used. */

import { plugins } from '../../plugins/registry.ts'
import { schema as validAttachments } from '../../shared/cni/attachments.ts'
import { current, old } from '../../shared/cni/prevresult.ts'
import type { Schema } from '../../shared/config/deferred.ts'
import { bare, schemasIn } from '../../shared/config/inspect.ts'
import { canonical } from '../../shared/config/keys.ts'
import { take } from '../../shared/config/lenient.ts'
import { silent } from '../../shared/error/log.ts'

/** A value of each kind: a schema looks inside only those of its own. */
const values = [null, true, 1, '', [], [''], [{}], {}]

/** Has QuickJS make the language's own functions, and zod all schemas that a call may need. */
export async function prepare(): Promise<void> {
  // biome-ignore lint/style/noRestrictedGlobals: all that the language has hangs on it
  reveal(globalThis)
  const seen = new Set<Schema>()
  for (const schema of [current, old, validAttachments]) judge(schema, seen)
  for (const load of Object.values(plugins)) {
    const { config } = await load()
    config.canonical({})
    for (const schema of Object.values(config.shape)) judge(schema, seen)
  }
}

/** Has a schema and those inside it judge a value of each kind. A call needs no wrapper for absent values: they are not made. */
function judge(wrapped: Schema, seen: Set<Schema>): void {
  const schema = bare(wrapped)
  if (seen.has(schema)) return
  seen.add(schema)
  for (const value of values) take(schema, canonical(schema, value), 'key', silent)
  for (const inner of schemasIn(schema)) judge(inner, seen)
}

/** Looks at all properties of an object, of its prototype and of their values: QuickJS makes a function of the language when it is first read. */
function reveal(value: unknown, seen = new Set<unknown>()): void {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return
  seen.add(value)
  reveal(Object.getPrototypeOf(value), seen)
  for (const key of Reflect.ownKeys(value)) reveal(Object.getOwnPropertyDescriptor(value, key)?.value, seen)
}
