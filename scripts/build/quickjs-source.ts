/** QuickJS's source: Debian's, verified by the archive's signature and a checksum. Our patches are made for it. */

import { debianSuite } from '../debian.ts'
import { ensurePackages } from '../setup.ts'
import type { SourceArchive } from './source-archive.ts'

export const quickjsVersion = '2025.04.26'

/** The original archive, without Debian's patches: they change only the Makefile, which is not used here. */
export const quickjsArchive: SourceArchive = {
  name: `quickjs_${quickjsVersion}.orig.tar.xz`,
  sha256: 'ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe',
  async fetch(directory) {
    await ensurePackages('the build of QuickJS', ['debian-archive-keyring'])
    const trixie = await debianSuite('trixie', directory)
    await trixie.downloadSource(directory, `quickjs=${quickjsVersion}-1`)
  },
}
