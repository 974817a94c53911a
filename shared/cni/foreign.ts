/** Finds who else knows the unknown keys of a configuration: the field, and Patchbay's other plugins. */

import type { Origins } from '../config/unknown.ts'
import type { Plugin, Registry } from './plugin.ts'

/** Put in by the build of QuickJS: plugins that are not in the heap, and their keys. To load them for that would take 2 ms. */
declare const __RARE_PLUGINS__: Readonly<Record<string, readonly string[]>> | undefined

const rarePlugins = typeof __RARE_PLUGINS__ === 'undefined' ? {} : __RARE_PLUGINS__

/**
 * The plugins and projects that know the unknown keys. The list of the field is loaded only when there is such a key, and the
 * other plugins only for a key that is not in the list.
 * @param raw the plugin's configuration, in canonical case
 */
export async function originsOfKeys(
  plugin: Pick<Plugin, 'name' | 'config'>,
  raw: Record<string, unknown>,
  registry: Registry,
): Promise<Origins> {
  const unknown = plugin.config.unknownKeys(raw).map((key) => key.toLowerCase())
  if (unknown.length === 0) return new Map()
  const { originsInField } = await import('../config/field.ts')
  const found = new Map(unknown.map((key) => [key, originsInField(key)]))
  const others = unknown.filter((key) => found.get(key)?.length === 0)
  if (others.length > 0)
    for (const [key, names] of await ownersOf(others, plugin, registry)) found.set(key, names)
  return found
}

/** Our other plugins that have one of some keys. */
async function ownersOf(
  keys: readonly string[],
  { name: own }: Pick<Plugin, 'name'>,
  registry: Registry,
): Promise<Origins> {
  const owners = new Map<string, string[]>()
  const wanted = new Set(keys)
  for (const [name, load] of Object.entries(registry)) {
    if (name === own) continue
    const theirs = (rarePlugins[name] ?? (await load()).config.keys()).map((key) => key.toLowerCase())
    for (const key of theirs) if (wanted.has(key)) owners.set(key, [...(owners.get(key) ?? []), name])
  }
  return owners
}
