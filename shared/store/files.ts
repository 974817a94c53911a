/**
 * This host's files about stores: who it is, and what its networks hold. They are replaced atomically and synced to disk. A damaged one is
 * reported, renamed to `*.damaged`, and counts as absent: `enter` then learns from the store what the host holds.
 */

import { sync, writeFile } from '../kernel/durable.ts'
import { makeDirectory } from '../kernel/files.ts'
import { stat } from '../kernel/stat.ts'
import { refuseForeignSymlinks } from '../kernel/symlinks.ts'
import { records } from '../state/records.ts'
import { type Holdings, type HostMemory, holdings, hostMemory } from './memory.ts'

/** Where this host's identity is. It outlives a boot. */
export const home = '/var/lib/patchbay'

/** Below a `dataDir`. It is not a valid name of a network, so host-local has no such directory. */
const folder = '.patchbay-pool'

/** `host.json`; undefined when it is absent or damaged. @throws KernelError when it cannot be read */
export function readHost(directory = home): HostMemory | undefined {
  const slash = directory.lastIndexOf('/')
  return records(directory.slice(slash + 1), () => hostMemory, directory.slice(0, slash)).read('host')
}

/** @throws KernelError */
export function writeHost(memory: HostMemory, directory = home): void {
  replace(directory, 'host', memory)
}

/** The file of what a network holds of its pool. */
export function holdingsFile(dataDir: string, network: string): string {
  return `${dataDir}/${folder}/${network}.json`
}

/** What a network holds; undefined when the file is absent or damaged. @throws KernelError when it cannot be read */
export function readHoldings(dataDir: string, network: string): Holdings | undefined {
  return holdingsIn(dataDir).read(network)
}

/** @throws KernelError */
export function writeHoldings(changed: Holdings): void {
  replace(`${changed.dataDir}/${folder}`, changed.network, changed)
}

/** What all networks with a file in these directories hold. */
export function allHoldings(dataDirs: readonly string[]): Holdings[] {
  return [...new Set(dataDirs)].flatMap((dataDir) => holdingsIn(dataDir).all())
}

function holdingsIn(dataDir: string) {
  refuseForeignSymlinks(`${dataDir}/${folder}`)
  return records(folder, () => holdings, dataDir)
}

/** Syncs the names, too: that of the file, and that of a new directory. */
function replace(directory: string, name: string, value: unknown): void {
  refuseForeignSymlinks(directory)
  if (!stat(directory)) {
    makeDirectory(directory, 0o700)
    sync(`${directory}/..`)
  }
  writeFile(`${directory}/${name}.json`, JSON.stringify(value))
  sync(`${directory}/.`)
}
