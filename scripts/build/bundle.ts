/** One JavaScript file out of all the TypeScript, for each engine. */

import { type BuildOptions, build } from 'esbuild'
import type { EngineName, Target } from './target.ts'
import { buildVersion } from './version.ts'

const root = new URL('../..', import.meta.url).pathname

/** What differs: QuickJS knows no Node module and no `Buffer`; Node's snapshot takes CommonJS only. */
const engineOptions: Record<EngineName, BuildOptions> = {
  quickjs: {
    platform: 'neutral',
    format: 'esm',
    mainFields: ['module', 'main'],
    conditions: ['quickjs', 'import'],
    inject: [`${root}engine/quickjs/buffer.ts`],
    alias: { os: `${root}engine/quickjs/endianness.ts` },
  },
  node: { platform: 'node', format: 'cjs', mainFields: ['module', 'main'] },
}

/** Bundles an engine's executable into `outfile`. The text is the same in whatever directory it is built. */
export async function bundle(target: Target, outfile: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: [`engine/${target.engine}/entry.ts`],
    outfile,
    bundle: true,
    target: target.engine === 'node' ? 'node26' : 'es2023',
    define: {
      __VERSION__: JSON.stringify(await buildVersion()),
      __ARCHITECTURE__: JSON.stringify(target.architecture),
    },
    external: ['qjs:*', '*/firewall/macspoofchk.ts', '*/firewall/masquerade.ts'],
    legalComments: 'none',
    logLevel: 'warning',
    ...engineOptions[target.engine],
  })
}
