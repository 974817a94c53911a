/** What an archive of a release has when it is unpacked, with the executables that the tests use, and with short licences: these need compilers. */

import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
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
  await addBesides(release, [['other', 'the licence of another program\n']])
  return { work, release }
}

export function removeWork(work: string): Promise<void> {
  return rm(work, { recursive: true })
}
