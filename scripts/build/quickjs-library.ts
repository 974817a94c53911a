/** QuickJS as a library: the pinned source with our patches, compiled once for each processor and cached. */

import { createHash } from 'node:crypto'
import { existsSync, globSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Compiler } from './compiler.ts'
import { compileFlags } from './hardening.ts'
import { quickjsArchive, quickjsVersion } from './quickjs-source.ts'
import { cachedArchive, type SourceArchive, unpack } from './source-archive.ts'
import type { Architecture } from './target.ts'

export interface QuickJs {
  /** libquickjs.a */
  library: string
  /** The directory of the patched source: the header files, and the licence. */
  include: string
}

/** What the library is made of, and where it is kept. */
export interface Ingredients {
  cache: string
  archive: SourceArchive
  /** Paths, in the order in which they are applied. */
  patches: readonly string[]
}

const root = join(import.meta.dirname, '../..')
const parts = ['quickjs', 'dtoa', 'libregexp', 'libunicode', 'cutils']

const ours: Ingredients = {
  cache: join(root, '.cache/quickjs'),
  archive: quickjsArchive,
  patches: globSync(join(root, 'engine/quickjs/patches/*.patch')).sort(),
}

/** From QuickJS's Makefile. */
const ownFlags = ['-fwrapv', '-D_GNU_SOURCE', '-w', `-DCONFIG_VERSION="${quickjsVersion}"`]

/** QuickJS for a processor; fetched, patched and compiled on first use. The source's checksum is checked at each use. */
export async function quickjs(
  architecture: Architecture,
  compiler: Compiler,
  { cache, archive, patches } = ours,
): Promise<QuickJs> {
  const file = await cachedArchive(cache, archive)
  const hash = await fingerprint([archive.sha256, ...compileFlags(architecture), ...ownFlags], patches)
  const directory = join(cache, `built-${architecture}-${hash}`)
  if (!existsSync(directory)) await build(compiler, file, patches, directory)
  return { library: join(directory, 'libquickjs.a'), include: directory }
}

/** A hash of what the library depends on. */
async function fingerprint(words: readonly string[], files: readonly string[]): Promise<string> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return createHash('sha256')
    .update(JSON.stringify([words, texts]))
    .digest('hex')
    .slice(0, 12)
}

/** The directory appears complete. */
async function build(
  compiler: Compiler,
  archive: string,
  patches: readonly string[],
  directory: string,
): Promise<void> {
  const work = await mkdtemp(`${directory}-`)
  try {
    await unpack(archive, work, patches)
    const objects = await Promise.all(
      parts.map((part) => compiler.compile(join(work, `${part}.c`), work, ownFlags)),
    )
    await compiler.tool('ar', ['rcsD', join(work, 'libquickjs.a'), ...objects])
    await rename(work, directory)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
