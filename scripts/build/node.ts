/** Builds the Node executable: a single executable application by pkg, from npm's Node, with a V8 startup snapshot. */

import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run.ts'
import { bundle } from './bundle.ts'
import { nodeBinary } from './node-binary.ts'
import { bundleLibrary } from './node-library.ts'
import type { Architecture } from './target.ts'

const pkg = join(import.meta.dirname, 'pkg.ts')

/**
 * Builds the executable for a processor.
 * @param work an empty directory for temporary files
 * @param outfile absolute path of the executable
 * @param entry another program than Patchbay: a file that begins like the engine's entry.ts
 */
export async function buildNode(
  architecture: Architecture,
  work: string,
  outfile: string,
  entry?: string,
): Promise<void> {
  await bundle({ engine: 'node', architecture }, work, entry)
  await rename(join(work, 'entry.js'), join(work, 'patchbay.cjs'))
  await bundleLibrary(work)
  await offerNode(architecture, work)
  // The snapshot must not depend on the caller's environment.
  const env = { PATH: process.env.PATH, HOME: work, TMPDIR: work, NODE_NO_WARNINGS: '1' }
  await run(process.execPath, [pkg, work, architecture], { env, extendEnv: false })
  await rename(join(work, 'patchbay'), outfile)
}

/** Puts npm's Node and the marker files into pkg's download cache, so that pkg downloads nothing. */
async function offerNode(architecture: Architecture, home: string): Promise<void> {
  const name = `node-v${process.versions.node}-linux-${architecture}`
  const cache = join(home, '.pkg-cache/sea')
  const node = join(cache, name, 'bin/node')
  await mkdir(join(cache, name, 'bin'), { recursive: true })
  await copyFile(await nodeBinary(architecture), node)
  for (const mark of [`${cache}/${name}.tar.gz`, `${cache}/${name}.tar.gz.ok`, `${node}.ok`])
    await writeFile(mark, '')
}
