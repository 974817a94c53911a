/** A C library of another project: its pinned source with our patches, compiled once for each processor and cached. */

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Compiler } from './compiler.ts'
import { compileFlags } from './hardening.ts'
import { cachedArchive, type SourceArchive, unpack } from './source-archive.ts'
import type { Architecture } from './target.ts'

/** What a library is made of, and where it is kept. */
export interface Ingredients {
  /** The name of the archive of objects: `libz.a`. */
  name: string
  cache: string
  archive: SourceArchive
  /** Paths, in the order in which they are applied. */
  patches: readonly string[]
  /** The source files, without `.c`. */
  parts: readonly string[]
  flags: readonly string[]
}

export interface Library {
  /** The archive of objects. */
  library: string
  /** The directory of the patched source: the header files, and the licence. */
  include: string
}

/** The library for a processor; fetched, patched and compiled on first use. The source's checksum is checked at each use. */
export async function cLibrary(
  architecture: Architecture,
  compiler: Compiler,
  { name, cache, archive, patches, parts, flags }: Ingredients,
): Promise<Library> {
  const file = await cachedArchive(cache, archive)
  const hash = await fingerprint([archive.sha256, ...compileFlags(architecture), ...flags], patches)
  const directory = join(cache, `built-${architecture}-${hash}`)
  const build = async (work: string) => {
    await unpack(file, work, patches)
    const objects = await Promise.all(
      parts.map((part) => compiler.compile(join(work, `${part}.c`), work, flags)),
    )
    await compiler.tool('ar', ['rcsD', join(work, name), ...objects])
  }
  if (!existsSync(directory)) await appearComplete(directory, build)
  return { library: join(directory, name), include: directory }
}

/** A hash of what the library depends on. */
async function fingerprint(words: readonly string[], files: readonly string[]): Promise<string> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return createHash('sha256')
    .update(JSON.stringify([words, texts]))
    .digest('hex')
    .slice(0, 12)
}

async function appearComplete(directory: string, fill: (work: string) => Promise<void>): Promise<void> {
  const work = await mkdtemp(`${directory}-`)
  try {
    await fill(work)
    await rename(work, directory)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
