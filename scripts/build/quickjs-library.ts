/** QuickJS as a library: the pinned source with our patches. */

import { globSync } from 'node:fs'
import { join } from 'node:path'
import { cLibrary, type Ingredients, type Library } from './c-library.ts'
import type { Compiler } from './compiler.ts'
import { quickjsArchive, quickjsVersion } from './quickjs-source.ts'
import type { Architecture } from './target.ts'

const root = join(import.meta.dirname, '../..')

const ours = {
  cache: join(root, '.cache/quickjs'),
  archive: quickjsArchive,
  patches: globSync(join(root, 'engine/quickjs/patches/*.patch')).sort(),
}

/** From QuickJS's Makefile. */
const flags = ['-fwrapv', '-D_GNU_SOURCE', '-w', `-DCONFIG_VERSION="${quickjsVersion}"`]

/** QuickJS for a processor. @param from where its source and our patches are */
export function quickjs(
  architecture: Architecture,
  compiler: Compiler,
  from: Pick<Ingredients, 'cache' | 'archive' | 'patches'> = ours,
): Promise<Library> {
  const parts = ['quickjs', 'dtoa', 'libregexp', 'libunicode', 'cutils']
  return cLibrary(architecture, compiler, { name: 'libquickjs.a', ...from, parts, flags })
}
