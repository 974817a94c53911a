/** How many modules each plugin brings with it: those that it imports statically, and so on. All are evaluated before it does anything. */

import { join } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { netlinkModules } from '../../scripts/build/netlink-modules.ts'

const root = join(import.meta.dirname, '../..')
const main = 'main.ts'

/** The number of modules of the program before any plugin is loaded, and of each plugin, by the file that has it. */
export async function moduleCounts(): Promise<Record<string, number>> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [main],
    outdir: 'unused',
    write: false,
    bundle: true,
    splitting: true,
    metafile: true,
    platform: 'neutral',
    format: 'esm',
    mainFields: ['module', 'main'],
    conditions: ['quickjs', 'import'],
    define: { __VERSION__: '""', __ARCHITECTURE__: '""' },
    external: ['qjs:*', 'os'],
    plugins: [netlinkModules],
    logLevel: 'error',
  })
  const plugins = Object.keys(metafile.inputs).filter((path) => path.endsWith('/plugin.ts'))
  const counts = [main, ...plugins.sort()].map((path) => [path, reached(metafile, path).size] as const)
  return Object.fromEntries(counts)
}

/** A module and all that it imports statically, however indirectly. */
export function reached(
  { inputs }: Pick<Metafile, 'inputs'>,
  from: string,
  seen = new Set<string>(),
): Set<string> {
  if (seen.has(from) || !inputs[from]) return seen
  seen.add(from)
  for (const { path, kind } of inputs[from].imports)
    if (kind === 'import-statement') reached({ inputs }, path, seen)
  return seen
}
