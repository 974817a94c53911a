/** Bundles the TypeScript into JavaScript files: one, and for QuickJS those of rare modules besides. */

import { readdir, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type BuildOptions, build, type Metafile } from 'esbuild'
import { plugins } from '../../plugins/registry.ts'
import { eagerImports } from './eager-imports.ts'
import { netlinkModules } from './netlink-modules.ts'
import { fromLibrary } from './node-library.ts'
import { rareModules } from './rare-modules.ts'
import type { EngineName, Target } from './target.ts'
import { buildVersion } from './version.ts'
import { zodModules } from './zod-modules.ts'

const root = new URL('../..', import.meta.url).pathname

/** The differences: QuickJS has no Node modules and no `Buffer`; Node's snapshot requires CommonJS. */
const engineOptions: Record<EngineName, (rare: ReadonlySet<string>) => BuildOptions> = {
  quickjs: (rare) => ({
    platform: 'neutral',
    format: 'esm',
    splitting: true,
    mainFields: ['module', 'main'],
    conditions: ['quickjs', 'import'],
    inject: [`${root}engine/quickjs/buffer.ts`],
    alias: {
      os: `${root}engine/quickjs/endianness.ts`,
      '@noble/hashes/sha2.js': `${root}engine/quickjs/sha512.ts`,
    },
    plugins: [netlinkModules, zodModules, eagerImports(rare)],
  }),
  node: () => ({
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    plugins: [netlinkModules, fromLibrary],
  }),
}

/** Names of files. */
export interface Bundle {
  /** `entry.js`, and what it imports. */
  first: string[]
  /** What is loaded when it is imported. */
  later: string[]
  /** Of these, what the operator's command line alone loads. */
  operators: string[]
}

/**
 * Bundles an engine's program into a directory; the file that begins it is `entry.js`. The text does not depend on the directory.
 * @throws an error that names a rare module which is imported like others
 */
export async function bundle(
  target: Target,
  directory: string,
  entry = `engine/${target.engine}/entry.ts`,
  rarePaths: readonly string[] = Object.keys(rareModules),
): Promise<Bundle> {
  const rare = new Set(rarePaths.map((path) => resolve(root, path)))
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { entry },
    outdir: directory,
    bundle: true,
    target: target.engine === 'node' ? 'node26' : 'es2023',
    define: {
      __VERSION__: JSON.stringify(await buildVersion()),
      __ENGINE__: JSON.stringify(target.engine),
      __EXAMPLES__: JSON.stringify(await examples()),
      __ARCHITECTURE__: JSON.stringify(target.architecture),
      __RARE_PLUGINS__: JSON.stringify(target.engine === 'quickjs' ? await keysOfPlugins(rarePaths) : {}),
    },
    external: ['qjs:*'],
    legalComments: 'none',
    logLevel: 'warning',
    ...engineOptions[target.engine](rare),
    metafile: true,
  })
  return target.engine === 'quickjs'
    ? partsOf(metafile, rare)
    : { first: ['entry.js'], later: [], operators: [] }
}

/** The keys of those modules that are plugins. The name of a plugin is that of its folder. */
async function keysOfPlugins(paths: readonly string[]): Promise<Record<string, string[]>> {
  const keys: Record<string, string[]> = {}
  for (const path of paths) {
    const [, name = ''] = /([^/]+)\/plugin\.ts$/.exec(path) ?? []
    const plugin = await plugins[name]?.()
    if (plugin) keys[name] = plugin.config.keys()
  }
  return keys
}

/** The files of conf-examples by their names, for `patchbay install --conf`. */
async function examples(): Promise<Record<string, string>> {
  const directory = join(root, 'conf-examples')
  const names = (await readdir(directory)).filter((name) => name.endsWith('.conflist')).sort()
  const texts = names.map(async (name) => [name, await readFile(join(directory, name), 'utf8')] as const)
  return Object.fromEntries(await Promise.all(texts))
}

function partsOf({ outputs }: Metafile, rare: ReadonlySet<string>): Bundle {
  const first = reached(outputs, ['entry.js'])
  const inHeap = [...first].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}))
  const misplaced = inHeap.find((module) => rare.has(resolve(root, module)))
  if (misplaced) throw new Error(`${misplaced} is rare (rare-modules.ts), but is imported as if it were not`)
  const later = Object.keys(outputs).filter((path) => !first.has(path))
  const starts = later.filter((path) => outputs[path]?.entryPoint && !isOperators(outputs[path].entryPoint))
  const ofPlugins = reached(
    outputs,
    starts.map((path) => basename(path)),
  )
  const names = (some: Iterable<string>) => [...some].map((path) => basename(path))
  return {
    first: names(first),
    later: names(later),
    operators: names(later.filter((path) => !ofPlugins.has(path))),
  }
}

const isOperators = (module: string) => module.startsWith('cli/')

/** Files, and what they import when they are loaded. */
function reached(outputs: Metafile['outputs'], starts: readonly string[]): Set<string> {
  const found = new Set(Object.keys(outputs).filter((path) => starts.includes(basename(path))))
  // The loop comes to what is added meanwhile, too.
  for (const path of found)
    for (const { path: imported, kind, external } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && !external) found.add(imported)
  return found
}
