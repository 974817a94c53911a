/** QuickJS's source: Debian's, verified by the archive's signature and a checksum. Our patches are made for it. */

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { debianSuite } from '../debian.ts'
import { run } from '../run.ts'
import { ensurePackages } from '../setup.ts'

export const quickjsVersion = '2025.04.26'
const archive = `quickjs_${quickjsVersion}.orig.tar.xz`
const sha256 = 'ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe'

/** The directory of the source, fetched on first use and kept in `cache`. */
export async function quickjsSource(cache: string): Promise<string> {
  const source = join(cache, `quickjs-${quickjsVersion}`)
  if (!existsSync(source)) await fetchSource(cache, source)
  return source
}

/** Fetches the original archive, without Debian's patches: they change only the Makefile, which is not used here. */
async function fetchSource(cache: string, source: string): Promise<void> {
  await ensurePackages('the build of QuickJS', ['xz-utils', 'debian-archive-keyring'])
  await mkdir(cache, { recursive: true })
  const work = await mkdtemp(join(cache, 'source-'))
  const trixie = await debianSuite('trixie', work)
  await trixie.downloadSource(work, `quickjs=${quickjsVersion}-1`)
  await checkSum(join(work, archive))
  const tree = join(work, 'tree')
  await mkdir(tree)
  await run('tar', ['--extract', '--strip-components=1', '--file', join(work, archive)], { cwd: tree })
  await rename(tree, source)
  await rm(work, { recursive: true })
}

async function checkSum(file: string): Promise<void> {
  const found = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
  if (found !== sha256) throw new Error(`${file} has SHA-256 ${found}, expected ${sha256}`)
}
