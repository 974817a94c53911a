/** A source archive of another project: fetched once, kept in a cache, checked at each use, and unpacked with our patches. */

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ExecaError } from 'execa'
import { run } from '../run.ts'
import { ensurePackages } from '../setup.ts'

export interface SourceArchive {
  /** The name of its file. */
  name: string
  sha256: string
  /** Downloads the file into a directory. */
  fetch(directory: string): Promise<void>
}

/** The path of an archive in a cache. @throws an error that names the file if its checksum is not the expected one */
export async function cachedArchive(cache: string, { name, sha256, fetch }: SourceArchive): Promise<string> {
  const file = join(cache, name)
  if (!existsSync(file)) await fetchInto(cache, name, fetch)
  const found = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
  if (found !== sha256) throw new Error(`${file} has SHA-256 ${found}, expected ${sha256}`)
  return file
}

/** The file appears complete. */
async function fetchInto(cache: string, name: string, fetch: SourceArchive['fetch']): Promise<void> {
  await mkdir(cache, { recursive: true })
  const work = await mkdtemp(join(cache, 'source-'))
  try {
    await fetch(work)
    await rename(join(work, name), join(cache, name))
  } finally {
    await rm(work, { recursive: true })
  }
}

/** Unpacks an archive into a directory, without the archive's outermost directory, and applies patches. @throws an error that names a patch that does not fit */
export async function unpack(archive: string, directory: string, patches: readonly string[]): Promise<void> {
  await ensurePackages('unpacking source archives', ['patch', 'xz-utils'])
  await run('tar', ['--extract', '--strip-components=1', '--file', archive], { cwd: directory })
  for (const patch of patches) await applyPatch(patch, directory, basename(archive))
}

async function applyPatch(patch: string, directory: string, source: string): Promise<void> {
  try {
    await run('patch', ['--strip=1', '--fuzz=0', '--silent', '--input', patch], { cwd: directory })
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error
    throw new Error(`${patch} does not fit ${source}: ${error.stdout}`, { cause: error })
  }
}
