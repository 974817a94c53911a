/** The configurations of a host's networks: what the caches keep of each attachment, the runtimes' files, and podman's networks. */

import { parseObject } from '../../shared/config/json.ts'
import { readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { readRegular } from '../../shared/kernel/regular.ts'
import type { Cached } from './cache-entry.ts'
import { type LeftOut, trying } from './left-out.ts'
import { type Configured, configurationFiles, readConfiguration } from './networks.ts'

const networks = '/etc/cni/net.d'
/** Where podman 5 keeps its networks. */
export const podmanNetworks = '/etc/containers/networks'

/** All that is known of networks. */
export interface Configurations {
  cached: readonly Cached[]
  /** The plugins of each file of /etc/cni/net.d. */
  configured: readonly Configured[]
  /** podman's networks, as it describes them to its network program. */
  podman: readonly Record<string, unknown>[]
}

export function readConfigurations(cached: readonly Cached[], leftOut: LeftOut): Configurations {
  const files = trying(networks, configurationFilesIfAny, leftOut)
  return {
    cached,
    configured: files.flatMap((file) => trying(file, readConfiguration, leftOut)),
    podman: readPodmanNetworks(leftOut),
  }
}

/** podman's networks, as it describes them to its network program. */
export function readPodmanNetworks(leftOut: LeftOut): Record<string, unknown>[] {
  return trying(podmanNetworks, (path) => readDirectoryIfAny(path), leftOut)
    .filter(({ name }) => name.endsWith('.json'))
    .flatMap(({ name }) => trying(`${podmanNetworks}/${name}`, readNetwork, leftOut))
}

function configurationFilesIfAny(directory: string): string[] {
  return readDirectoryIfAny(directory).length > 0 ? configurationFiles(directory) : []
}

function readNetwork(file: string): Record<string, unknown>[] {
  return [parseObject(readRegular(file), 'network')]
}
