/** QuickJS as a library: the pinned source with our patches, compiled once for each processor and cached. */

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run.ts'
import { ensurePackages } from '../setup.ts'
import type { Compiler } from './compiler.ts'
import { compileFlags } from './hardening.ts'
import { quickjsSource, quickjsVersion } from './quickjs-source.ts'
import type { Architecture } from './target.ts'

export interface QuickJs {
  /** libquickjs.a */
  library: string
  /** The directory of the header files. */
  include: string
}

export const quickjsCache = join(import.meta.dirname, '../../.cache/quickjs')
const patchesHome = join(import.meta.dirname, '../../engine/quickjs/patches')
const parts = ['quickjs', 'dtoa', 'libregexp', 'libunicode', 'cutils']

/** From QuickJS's Makefile. */
const ownFlags = ['-fwrapv', '-D_GNU_SOURCE', '-w', `-DCONFIG_VERSION="${quickjsVersion}"`]

/** QuickJS for a processor; fetched, patched and compiled on first use. */
export async function quickjs(architecture: Architecture, compiler: Compiler): Promise<QuickJs> {
  const directory = join(quickjsCache, `built-${architecture}-${await fingerprint(architecture)}`)
  if (!existsSync(directory)) await build(compiler, directory)
  return { library: join(directory, 'libquickjs.a'), include: directory }
}

async function patches(): Promise<string[]> {
  return (await readdir(patchesHome)).sort().map((name) => join(patchesHome, name))
}

/** A hash of what the library depends on besides the source. */
async function fingerprint(architecture: Architecture): Promise<string> {
  const texts = await Promise.all((await patches()).map((file) => readFile(file, 'utf8')))
  const flags = [...compileFlags(architecture), ...ownFlags]
  return createHash('sha256')
    .update(JSON.stringify([texts, flags]))
    .digest('hex')
    .slice(0, 12)
}

async function build(compiler: Compiler, directory: string): Promise<void> {
  const source = await quickjsSource(quickjsCache)
  await mkdir(quickjsCache, { recursive: true })
  const work = await mkdtemp(`${directory}-`)
  await cp(source, work, { recursive: true })
  await ensurePackages('the build of QuickJS', ['patch'])
  for (const file of await patches())
    await run('patch', ['--strip=1', '--fuzz=0', '--silent', '--input', file], { cwd: work })
  const objects = await Promise.all(
    parts.map((part) => compiler.compile(join(work, `${part}.c`), work, ownFlags)),
  )
  await compiler.tool('ar', ['rcsD', join(work, 'libquickjs.a'), ...objects])
  await rename(work, directory)
}
