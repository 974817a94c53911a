/** Debian's newest version of a package, unpacked into the cache and not installed. */

import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { unpackPackages } from '../../scripts/debian.ts'

const cache = join(import.meta.dirname, '../../.cache/newest')

/** The directory with a package's files, which `newestPackage` has made. */
export function newestIn(name: string): string {
  return join(cache, name)
}

/** Fetches the newest version of a package, once. @throws Missing when Debian cannot be reached */
export async function newestPackage(name: string): Promise<void> {
  await mkdir(cache, { recursive: true })
  if (!existsSync(newestIn(name))) await unpackPackages('sid', async () => [name], newestIn(name))
}
