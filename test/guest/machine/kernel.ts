/** Debian's kernel for virtual machines, unpacked and not installed. Unlike User-Mode Linux it has drivers of PCI NICs. */

import { existsSync, globSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { unpackPackages } from '../../../scripts/debian.ts'

const cache = join(import.meta.dirname, '../../../.cache')
const unpacked = join(cache, 'linux')

export interface MachineKernel {
  /** The path of the image. */
  image: string
  /** The path of a module. */
  module(name: string): string
}

/** Downloads the kernel once. Debian's signature and checksum are checked. @throws when the download fails */
export async function machineKernel(): Promise<MachineKernel> {
  mkdirSync(cache, { recursive: true })
  if (!existsSync(unpacked))
    await unpackPackages('bookworm', (suite) => suite.dependencies('linux-image-cloud-amd64'), unpacked)
  return { image: find('boot/vmlinuz-*'), module: (name) => find(`lib/modules/*/kernel/**/${name}.ko`) }
}

function find(pattern: string): string {
  const [found] = globSync(pattern, { cwd: unpacked })
  if (!found) throw new Error(`${unpacked} has no ${pattern}: remove it, to have it downloaded again`)
  return join(unpacked, found)
}
