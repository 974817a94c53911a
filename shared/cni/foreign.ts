/** Finds the plugins that a key belongs to: `master` has no effect on a bridge, so its configuration is refused. */

import type { Owners } from '../config/config.ts'
import type { Plugin, Registry } from './plugin.ts'

/** Keys of the reference's plugins that Patchbay does not have. Keys of Patchbay's plugins come from the registry. */
const wellKnown: Record<string, readonly string[]> = {
  sysctl: ['tuning'],
  allmulti: ['tuning'],
  ingressRate: ['bandwidth'],
  egressRate: ['bandwidth'],
  ingressPolicy: ['firewall'],
  masqAll: ['portmap'],
}

/**
 * The plugins that keys belong to. The other plugins are loaded only when the configuration has an unknown key.
 * @param raw the plugin's configuration, in canonical case
 */
export async function ownersOfKeys(
  plugin: Plugin,
  raw: Record<string, unknown>,
  registry: Registry,
): Promise<Owners> {
  const owners = new Map<string, string[]>()
  if (!plugin.config.hasUnknownKeys(raw)) return owners
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
