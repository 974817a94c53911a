/** Bundles the TypeScript into one JavaScript file. */

import { type BuildOptions, build } from 'esbuild'
import { eagerImports } from './eager-imports.ts'
import { netlinkModules } from './netlink-modules.ts'
import type { EngineName, Target } from './target.ts'
import { buildVersion } from './version.ts'

const root = new URL('../..', import.meta.url).pathname

/** The differences: QuickJS has no Node modules and no `Buffer`; Node's snapshot requires CommonJS. */
const engineOptions: Record<EngineName, BuildOptions> = {
  quickjs: {
    platform: 'neutral',
    format: 'esm',
    mainFields: ['module', 'main'],
    conditions: ['quickjs', 'import'],
    inject: [`${root}engine/quickjs/buffer.ts`],
    alias: {
      os: `${root}engine/quickjs/endianness.ts`,
      '@noble/hashes/sha2.js': `${root}engine/quickjs/sha512.ts`,
    },
    plugins: [netlinkModules, eagerImports],
  },
  node: { platform: 'node', format: 'cjs', mainFields: ['module', 'main'], plugins: [netlinkModules] },
}

/**
 * Bundles an engine's program into a directory; the file is `entry.js`. The text does not depend on the directory.
 */
export async function bundle(
  target: Target,
  directory: string,
  entry = `engine/${target.engine}/entry.ts`,
): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: { entry },
    outdir: directory,
    bundle: true,
    target: target.engine === 'node' ? 'node26' : 'es2023',
    define: {
      __VERSION__: JSON.stringify(await buildVersion()),
      __ARCHITECTURE__: JSON.stringify(target.architecture),
    },
    external: ['qjs:*'],
    legalComments: 'none',
    logLevel: 'warning',
    ...engineOptions[target.engine],
  })
}
