/** Which file a plugin's name means on this host. */

import { nameWithin } from '../../shared/cni/name-within.ts'
import type { Registry } from '../../shared/cni/plugin.ts'
import { findPlugin } from '../../shared/ipam/delegate.ts'
import { readLink } from '../../shared/kernel/files.ts'
import { stat } from '../../shared/kernel/stat.ts'

/** This executable, which finds the plugin by the configuration's type. By its path another one may be found after an upgrade. */
const self = '/proc/self/exe'

/** The usual directories of runtimes. */
export const standard: readonly string[] = ['/opt/cni/bin', '/usr/lib/cni', '/usr/libexec/cni']

/** Where plugins are looked for: beside this executable first. */
export function directories(): string[] {
  const own = readLink(self) ?? ''
  return [own.slice(0, own.lastIndexOf('/')), ...standard]
}

/** The first file of a plugin's name; this executable where there is none and it has such a plugin. @throws CniError of code 7 */
export function executableOf(type: string, registry: Registry, path = directories()): string {
  const isThere = !type.includes('/') && path.some((directory) => stat(`${directory}/${type}`))
  return !isThere && isOfOurs(type, registry) ? self : findPlugin(type, path).path
}

/** Whether a name is one of our plugins, or has one in it. */
export function isOfOurs(type: string, registry: Registry): boolean {
  return !type.includes('/') && nameWithin(type, Object.keys(registry)) !== undefined
}
