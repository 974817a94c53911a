/**
 * Executables that record what they execute: the sources on Node, with the types removed beforehand, since that takes
 * longer than the whole call. Positions in the files stay the same.
 */

import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { plugins } from '../../plugins/registry.ts'
import { withoutTypes } from './code.ts'

const root = join(import.meta.dirname, '../..')
const entry = 'engine/node/entry.ts'
/** The engine of these executables. */
const engine = 'test/coverage/engine.ts'

/** The sources of the Node executable, and this folder's engine: paths from the root. */
export async function sourcesOf(): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry, engine],
    outdir: 'dist',
    write: false,
    bundle: true,
    metafile: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
  })
  return Object.keys(metafile.inputs).sort()
}

export interface Executables {
  /** A link for each plugin. */
  bin: string
  /** The sources that they run. */
  sources: string
  /** Each process writes a report here. */
  reports: string
}

/** Makes the executables anew. @param directory below the root, since packages are looked up there */
export async function makeExecutables(directory: string): Promise<Executables> {
  const made = {
    bin: join(directory, 'bin'),
    sources: join(directory, 'sources'),
    reports: join(directory, 'reports'),
  }
  await rm(directory, { recursive: true, force: true })
  for (const path of Object.values(made)) await mkdir(path, { recursive: true })
  for (const file of await sourcesOf()) await writeSource(file, made.sources)
  const settings = { type: 'module', imports: { '#engine': `./${asJavaScript(engine)}` } }
  await writeFile(join(made.sources, 'package.json'), JSON.stringify(settings))
  await writeFile(join(made.bin, 'patchbay'), script(made), { mode: 0o755 })
  for (const name of Object.keys(plugins)) await symlink('patchbay', join(made.bin, name))
  return made
}

async function writeSource(file: string, sources: string): Promise<void> {
  const path = join(sources, asJavaScript(file))
  const text = withoutTypes(await readFile(join(root, file), 'utf8'))
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text.replace(/(?<=\b(from|import) ?\(?')\.[^']*\.ts(?=')/g, asJavaScript))
}

function asJavaScript(path: string): string {
  return path.replace(/\.ts$/, '.js')
}

/** bash, because only its `exec` passes on the name by which the script is called. */
function script({ sources, reports }: Executables): string {
  return `#!/bin/bash
export NODE_V8_COVERAGE=${quoted(reports)}
exec -a "$0" ${quoted(process.execPath)} ${quoted(join(sources, asJavaScript(entry)))} "$@"
`
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
