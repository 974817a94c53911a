/** musl, the C library of the QuickJS executable: Debian 13's, unpacked and not installed, for each processor. */

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { unpackPackages } from '../debian.ts'
import { type Architecture, debian, host } from './target.ts'

const cache = join(import.meta.dirname, '../../.cache')

export interface CLibrary {
  /** The directory of the header files. */
  include: string
  /** The directory of the library and of the objects with which a program begins and ends. */
  lib: string
}

/** The directory of Debian's package for a processor; fetched on first use. */
export async function muslHome(architecture: Architecture): Promise<string> {
  const home = join(cache, `musl-${architecture}`)
  const packages = async () => [`musl-dev:${debian[architecture]}`]
  if (!existsSync(home)) await unpackPackages('trixie', packages, home, debian[architecture])
  return home
}

/** musl for a processor. */
export async function musl(architecture: Architecture): Promise<CLibrary> {
  const home = await muslHome(architecture)
  const triplet = architecture === 'x64' ? 'x86_64-linux-musl' : 'aarch64-linux-musl'
  return { include: join(home, 'usr/include', triplet), lib: join(home, 'usr/lib', triplet) }
}

/** The version without Debian's revision, as `1.2.5`. */
export async function muslVersion(): Promise<string> {
  const changelog = join(await muslHome(host), 'usr/share/doc/musl-dev/changelog.Debian.gz')
  const [, version = ''] = /^musl \(([\d.]+)-/.exec(String(gunzipSync(await readFile(changelog)))) ?? []
  return version
}
