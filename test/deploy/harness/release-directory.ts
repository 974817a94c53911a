/** What an archive of a release has when it is unpacked, with the executables that the tests use: no build of its own. */

import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { host } from '../../../scripts/build/target.ts'
import { addBesides } from '../../../scripts/release/tarballs.ts'
import { directoryOf, ensureBuilt } from '../../harness/built.ts'

const root = join(import.meta.dirname, '../../..')

/** Makes the directory in a temporary one, `.cache/deploy-…`. */
export async function releaseDirectory(): Promise<{ work: string; release: string }> {
  await mkdir(join(root, '.cache'), { recursive: true })
  await ensureBuilt('quickjs')
  const work = await mkdtemp(join(root, '.cache/deploy-'))
  const release = join(work, 'patchbay')
  await cp(directoryOf('quickjs'), join(release, 'bin'), { recursive: true, verbatimSymlinks: true })
  await addBesides(release, { engine: 'quickjs', architecture: host })
  return { work, release }
}

export function removeWork(work: string): Promise<void> {
  return rm(work, { recursive: true })
}
