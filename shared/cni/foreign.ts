/** Whose a key is: `master` on a bridge is a wish that would not come true. */

import type { Plugin, Registry } from './plugin.ts'

/** Keys, in lower case, with the plugins that they belong to. */
export type Owners = ReadonlyMap<string, readonly string[]>

/** Keys of the reference's plugins that we do not have; those of ours follow from the registry. */
const wellKnown: Record<string, readonly string[]> = {
  sysctl: ['tuning'],
  allmulti: ['tuning'],
  ingressRate: ['bandwidth'],
  egressRate: ['bandwidth'],
  ingressPolicy: ['firewall'],
  masqAll: ['portmap'],
}

/**
 * The owners of keys that a plugin does not know. The other plugins are asked only when there is such a key.
 * @param raw the plugin's configuration, in canonical case
 */
export async function ownersOfKeys(
  plugin: Plugin,
  raw: Record<string, unknown>,
  registry: Registry,
): Promise<Owners> {
  const owners = new Map<string, string[]>()
  if (!plugin.config.hasStrangers(raw)) return owners
  const own = (key: string, names: readonly string[]) => {
    const known = owners.get(key.toLowerCase()) ?? []
    owners.set(key.toLowerCase(), [...new Set([...known, ...names])].sort())
  }
  for (const [key, names] of Object.entries(wellKnown)) own(key, names)
  for (const [name, load] of Object.entries(registry)) {
    if (name !== plugin.name) for (const key of (await load()).config.keys()) own(key, [name])
  }
  return owners
}
