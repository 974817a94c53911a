/** Builds the broken plugins. */

import { symlinkSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buildQuickjs } from '../../../scripts/build/quickjs.ts'
import { host } from '../../../scripts/build/target.ts'

const cache = join(import.meta.dirname, '../../../.cache')

/** Builds them into a new directory below `.cache`. @returns the directory */
export async function buildBroken(...names: string[]): Promise<string> {
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(join(cache, 'broken-'))
  const work = join(directory, 'work')
  await mkdir(work)
  await buildQuickjs(host, work, join(directory, 'patchbay'), 'test/fuzz/broken/quickjs.ts')
  await rm(work, { recursive: true })
  for (const name of names) symlinkSync('patchbay', join(directory, name))
  return directory
}
