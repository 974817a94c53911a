/** Where host-local keeps the addresses of a host's networks. */

import { isObject, jsonIn } from '../../shared/config/json.ts'
import { defaultDataDir } from '../../shared/ipam/host-local/keys.ts'
import { cachedChain } from './chain.ts'
import type { Configurations } from './configurations.ts'

/** The default directory, and those that a configuration names. */
export function dataDirsOf({ cached, configured, podman }: Configurations): string[] {
  const sections = [
    ...cached.flatMap((one) => cachedChain(one).plugins),
    ...configured.map(({ raw }) => raw),
    ...podman.map(({ options }) => options),
  ]
  const named = sections.flatMap((section) => (isObject(section) ? directoriesIn(section.ipam) : []))
  return [...new Set([defaultDataDir, ...named])]
}

/** ipam-list has sections in a section; podman's option is text. */
function directoriesIn(ipam: unknown): string[] {
  if (typeof ipam === 'string') return directoriesIn(jsonIn(ipam))
  if (Array.isArray(ipam)) return ipam.flatMap(directoriesIn)
  if (!isObject(ipam)) return []
  const { dataDir, list } = ipam
  return [
    ...(typeof dataDir === 'string' && dataDir.startsWith('/') ? [dataDir] : []),
    ...directoriesIn(list),
  ]
}
