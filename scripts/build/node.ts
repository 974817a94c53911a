/** The Node executable: pkg's single executable application on npm's Node, with a V8 startup snapshot. */

import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run.ts'
import { bundle } from './bundle.ts'
import { nodeBinary } from './node-binary.ts'
import type { Architecture } from './target.ts'

const pkg = join(import.meta.dirname, 'pkg.ts')

/**
 * Builds the executable for a processor.
 * @param work an empty directory for what is made on the way
 * @param outfile absolute path of the executable
 * @param entry the program, when it is not Patchbay: a file that begins as the engine's entry.ts does
 */
export async function buildNode(
  architecture: Architecture,
  work: string,
  outfile: string,
  entry?: string,
): Promise<void> {
  await bundle({ engine: 'node', architecture }, work, entry)
  await rename(join(work, 'entry.js'), join(work, 'patchbay.cjs'))
  await offerNode(architecture, work)
  const env = { HOME: work, TMPDIR: work, NODE_NO_WARNINGS: '1' }
  await run(process.execPath, [pkg, work, architecture], { env })
  await rename(join(work, 'patchbay'), outfile)
}

/** Puts npm's Node where pkg keeps what it downloaded, with its marks: it downloads nothing. */
async function offerNode(architecture: Architecture, home: string): Promise<void> {
  const name = `node-v${process.versions.node}-linux-${architecture}`
  const cache = join(home, '.pkg-cache/sea')
  const node = join(cache, name, 'bin/node')
  await mkdir(join(cache, name, 'bin'), { recursive: true })
  await copyFile(await nodeBinary(architecture), node)
  for (const mark of [`${cache}/${name}.tar.gz`, `${cache}/${name}.tar.gz.ok`, `${node}.ok`])
    await writeFile(mark, '')
}
