/** The configurations of networks: those that the caches keep of each attachment, the runtimes' files, and podman's networks. */

import { parseObject } from '../../shared/config/json.ts'
import { toCniError } from '../../shared/error/error.ts'
import { readDirectoryIfAny, readFile } from '../../shared/kernel/files.ts'
import type { Cached } from './caches.ts'
import { type Configured, configurationFiles, readConfiguration } from './networks.ts'

type Raw = Record<string, unknown>

const networks = '/etc/cni/net.d'
const podmanNetworks = '/etc/containers/networks'

/** All that is known of networks. */
export interface Configurations {
  cached: readonly Cached[]
  /** The plugins of each file of /etc/cni/net.d. */
  configured: readonly Configured[]
  /** podman's networks that no plugin of its own makes. */
  podman: readonly Raw[]
}

/** @param leftOut is told of each file that cannot be read, and why @throws KernelError */
export function readConfigurations(
  cached: readonly Cached[],
  leftOut: (file: string, why: string) => void,
): Configurations {
  const tried = <T>(file: string, read: (file: string) => T[]): T[] => {
    try {
      return read(file)
    } catch (error) {
      leftOut(file, toCniError(error).message)
      return []
    }
  }
  const ofPodman = readDirectoryIfAny(podmanNetworks).map(({ name }) => `${podmanNetworks}/${name}`)
  return {
    cached,
    configured: filesIn(networks).flatMap((file) => tried(file, readConfiguration)),
    podman: ofPodman
      .filter((file) => file.endsWith('.json'))
      .flatMap((file) => tried(file, (path) => [parseObject(readFile(path), 'network')])),
  }
}

const filesIn = (directory: string) =>
  readDirectoryIfAny(directory).length > 0 ? configurationFiles(directory) : []
