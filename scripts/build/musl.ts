/** musl, the C library of the QuickJS executable: Debian 13's, unpacked and not installed, for each processor. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { unpackPackages } from '../debian.ts'
import { type Architecture, debian } from './target.ts'

const cache = join(import.meta.dirname, '../../.cache')

export interface CLibrary {
  /** The directory of the header files. */
  include: string
  /** The directory of the library and of the objects with which a program begins and ends. */
  lib: string
}

/** musl for a processor; fetched on first use. */
export async function musl(architecture: Architecture): Promise<CLibrary> {
  const home = join(cache, `musl-${architecture}`)
  const packages = async () => [`musl-dev:${debian[architecture]}`]
  if (!existsSync(home)) await unpackPackages('trixie', packages, home, debian[architecture])
  const triplet = architecture === 'x64' ? 'x86_64-linux-musl' : 'aarch64-linux-musl'
  return { include: join(home, 'usr/include', triplet), lib: join(home, 'usr/lib', triplet) }
}
