/** Bundles the TypeScript into JavaScript: one file for Node; for QuickJS one more for each lazily imported part. */

import { basename } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { netlinkModules } from './netlink-modules.ts'
import type { EngineName, Target } from './target.ts'
import { buildVersion } from './version.ts'

const root = new URL('../..', import.meta.url).pathname

/** The differences: QuickJS has no Node modules and no `Buffer`; Node's snapshot requires CommonJS. */
const engineOptions: Record<EngineName, BuildOptions> = {
  quickjs: {
    platform: 'neutral',
    format: 'esm',
    splitting: true,
    chunkNames: '[name]-[hash]',
    mainFields: ['module', 'main'],
    conditions: ['quickjs', 'import'],
    inject: [`${root}engine/quickjs/buffer.ts`],
    alias: {
      os: `${root}engine/quickjs/endianness.ts`,
      '@noble/hashes/sha2.js': `${root}engine/quickjs/sha512.ts`,
    },
  },
  node: { platform: 'node', format: 'cjs', mainFields: ['module', 'main'] },
}

/**
 * Bundles an engine's program into a directory; the main file is `entry.js`. The text does not depend on the directory.
 * @returns `entry.js` and the lazily imported files
 */
export async function bundle(
  target: Target,
  directory: string,
  entry = `engine/${target.engine}/entry.ts`,
): Promise<string[]> {
  const { metafile = { outputs: {} } } = await build({
    absWorkingDir: root,
    entryPoints: { entry },
    outdir: directory,
    bundle: true,
    metafile: true,
    target: target.engine === 'node' ? 'node26' : 'es2023',
    define: {
      __VERSION__: JSON.stringify(await buildVersion()),
      __ARCHITECTURE__: JSON.stringify(target.architecture),
    },
    external: ['qjs:*'],
    plugins: [netlinkModules],
    legalComments: 'none',
    logLevel: 'warning',
    ...engineOptions[target.engine],
  })
  const outputs = Object.entries(metafile.outputs).filter(([, { entryPoint }]) => entryPoint)
  return outputs.map(([path]) => basename(path)).sort()
}
