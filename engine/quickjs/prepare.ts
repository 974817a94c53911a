/** What the build does once, so that no call has to: what QuickJS and zod make when it is first used. */

import { useSchemas } from '../../plugins/schemas.ts'

/** Plugins that are not in the heap (scripts/build/rare-modules.ts). */
declare const __RARE_PLUGINS__: Readonly<Record<string, unknown>>

/** Has QuickJS make the language's own functions, and zod all schemas that a call may need. */
export async function prepare(): Promise<void> {
  // biome-ignore lint/style/noRestrictedGlobals: all that the language has hangs on it
  reveal(globalThis)
  await useSchemas(Object.keys(__RARE_PLUGINS__))
}

/** Looks at all properties of an object, of its prototype and of their values: QuickJS makes a function of the language when it is first read. */
function reveal(value: unknown, seen = new Set<unknown>()): void {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return
  seen.add(value)
  reveal(Object.getPrototypeOf(value), seen)
  for (const key of Reflect.ownKeys(value)) reveal(Object.getOwnPropertyDescriptor(value, key)?.value, seen)
}
