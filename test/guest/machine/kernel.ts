/** Debian's kernel for virtual machines, unpacked and not installed: it has what User-Mode Linux lacks, drivers of PCI NICs. */

import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { debianSuite } from '../../../scripts/debian.ts'
import { run } from '../../../scripts/run.ts'

const cache = join(import.meta.dirname, '../../../.cache')
const unpacked = join(cache, 'linux')
const suiteName = 'bookworm'

export interface MachineKernel {
  /** The path of the image. */
  image: string
  /** The path of a module. */
  module(name: string): string
}

/** Downloads the kernel once. Debian's signature and checksum are checked. @throws when it cannot be had */
export async function machineKernel(): Promise<MachineKernel> {
  if (!existsSync(unpacked)) await download()
  return { image: find('boot/vmlinuz-*'), module: (name) => find(`lib/modules/*/kernel/**/${name}.ko`) }
}

function find(pattern: string): string {
  const [found] = globSync(pattern, { cwd: unpacked })
  if (!found) throw new Error(`${unpacked} has no ${pattern}: remove it, to have it downloaded again`)
  return join(unpacked, found)
}

async function download(): Promise<void> {
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'linux-'))
  try {
    const suite = await debianSuite(suiteName, work)
    await suite.download(work, await suite.dependencies('linux-image-cloud-amd64'))
    const [file = ''] = globSync('*.deb', { cwd: work })
    await run('dpkg-deb', ['--extract', file, 'root'], { cwd: work })
    renameSync(join(work, 'root'), unpacked)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
