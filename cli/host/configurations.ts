/** The configurations of a host's networks: what the caches keep of each attachment, the runtimes' files, and podman's networks. */

import { parseObject } from '../../shared/config/json.ts'
import { readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { readRegular } from '../../shared/kernel/regular.ts'
import type { Cached } from './cache-entry.ts'
import { type LeftOut, trying } from './left-out.ts'
import { type Configured, configurationFiles, readConfiguration } from './networks.ts'

const networks = '/etc/cni/net.d'
const podmanNetworks = '/etc/containers/networks'

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
  const ofPodman = trying(podmanNetworks, (path) => readDirectoryIfAny(path), leftOut)
    .filter(({ name }) => name.endsWith('.json'))
    .map(({ name }) => `${podmanNetworks}/${name}`)
  return {
    cached,
    configured: files.flatMap((file) => trying(file, readConfiguration, leftOut)),
    podman: ofPodman.flatMap((file) => trying(file, readNetwork, leftOut)),
  }
}

function configurationFilesIfAny(directory: string): string[] {
  return readDirectoryIfAny(directory).length > 0 ? configurationFiles(directory) : []
}

function readNetwork(file: string): Record<string, unknown>[] {
  return [parseObject(readRegular(file), 'network')]
}
