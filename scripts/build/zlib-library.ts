/** zlib as a library, as far as it inflates: the modules of the operator's verbs are deflated in the executable. */

import { join } from 'node:path'
import { debianSuite } from '../debian.ts'
import { ensurePackages } from '../setup.ts'
import { cLibrary, type Library } from './c-library.ts'
import type { Compiler } from './compiler.ts'
import type { SourceArchive } from './source-archive.ts'
import type { Architecture } from './target.ts'

export const zlibVersion = '1.3.1'

/** Debian's, verified by the archive's signature and a checksum. */
const archive: SourceArchive = {
  name: 'zlib_1.3.dfsg+really1.3.1.orig.tar.gz',
  sha256: '60dd315c07f616887caa029408308a018ace66e3d142726a97db164b3b8f69fb',
  async fetch(directory) {
    await ensurePackages('the build of zlib', ['debian-archive-keyring'])
    const trixie = await debianSuite('trixie', directory)
    await trixie.downloadSource(directory, 'zlib=1:1.3.dfsg+really1.3.1-1')
  },
}

/** zlib for a processor. It allocates by the functions that its caller gives, and reads no gzip header. */
export function zlib(architecture: Architecture, compiler: Compiler): Promise<Library> {
  const parts = ['inflate', 'inffast', 'inftrees', 'adler32', 'zutil']
  const flags = ['-DNO_GZIP', '-DZ_SOLO', '-w']
  const cache = join(import.meta.dirname, '../../.cache/zlib')
  return cLibrary(architecture, compiler, { name: 'libz.a', cache, archive, patches: [], parts, flags })
}
