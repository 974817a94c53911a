/** Whose a key is: `master` on a bridge is a wish that would not come true. */

import type { Plugin, Registry } from './plugin.ts'

/** Keys, in lower case, with the plugin that they belong to. */
export type Owners = ReadonlyMap<string, string>

/**
 * The owners of keys that a plugin does not know. The other plugins are asked only when there is such a key.
 * @param raw the plugin's configuration, in canonical case
 */
export async function ownersOfKeys(
  plugin: Plugin,
  raw: Record<string, unknown>,
  registry: Registry,
): Promise<Owners> {
  const owners = new Map<string, string>()
  if (!plugin.config.hasStrangers(raw)) return owners
  for (const [name, load] of Object.entries(registry)) {
    if (name === plugin.name) continue
    for (const key of (await load()).config.keys()) {
      if (!owners.has(key.toLowerCase())) owners.set(key.toLowerCase(), name)
    }
  }
  return owners
}
