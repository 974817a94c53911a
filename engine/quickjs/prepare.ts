/** What the build does once, so that no call has to: what QuickJS and zod make when it is first used. */

import { plugins } from '../../plugins/registry.ts'
import type { Plugin } from '../../shared/cni/plugin.ts'
import { current, old } from '../../shared/cni/prevresult.ts'
import { bare, schemasIn } from '../../shared/config/inspect.ts'
import { canonical } from '../../shared/config/keys.ts'
import { take } from '../../shared/config/lenient.ts'
import type { Schema } from '../../shared/config/schema.ts'
import { silent } from '../../shared/error/log.ts'

/** A value of each kind: a schema looks inside only those of its own. */
const values = [null, true, 1, '', [], [''], [{}], {}]

/** Has QuickJS make the language's own functions, then each plugin judge configurations that name all its keys. */
export async function prepare(): Promise<void> {
  // biome-ignore lint/style/noRestrictedGlobals: all that the language has hangs on it
  reveal(globalThis)
  const seen = new Set<Schema>()
  for (const schema of [current, old]) judge(bare(schema), seen)
  for (const load of Object.values(plugins)) {
    const plugin = await load()
    judgeAll(plugin)
    for (const schema of Object.values(plugin.config.shape)) judge(bare(schema), seen)
  }
}

/** Has a schema and those inside it judge a value of each kind. */
function judge(schema: Schema, seen: Set<Schema>): void {
  if (seen.has(schema)) return
  seen.add(schema)
  for (const value of values) take(schema, canonical(schema, value), 'key', silent)
  for (const inner of schemasIn(schema)) judge(inner, seen)
}

function judgeAll({ config }: Plugin): void {
  for (const value of values) {
    const raw = Object.fromEntries(Object.keys(config.shape).map((key) => [key, value]))
    config.parseLeniently(raw, silent)
    try {
      config.parse(raw, silent)
    } catch {
      // No value suits all keys.
    }
  }
}

/** Looks at all properties of an object, of its prototype and of their values: QuickJS makes a function of the language when it is first read. */
function reveal(value: unknown, seen = new Set<unknown>()): void {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return
  seen.add(value)
  reveal(Object.getPrototypeOf(value), seen)
  for (const key of Reflect.ownKeys(value)) reveal(Object.getOwnPropertyDescriptor(value, key)?.value, seen)
}
