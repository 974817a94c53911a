/** Builds the executables: `npm run build [-- --engine quickjs|node|test] [--arch x64|arm64] [--out DIR]`. */

import { mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { plugins } from './plugins/registry.ts'
import { buildNode } from './scripts/build/node.ts'
import { buildQuickjs } from './scripts/build/quickjs.ts'
import {
  architectures,
  type BuildName,
  builds,
  directoryName,
  engines,
  host,
  oneOf,
  type Target,
} from './scripts/build/target.ts'
import { buildTest } from './scripts/build/test-engine.ts'
import { reportMissing } from './scripts/setup.ts'

const builders = { quickjs: buildQuickjs, node: buildNode, test: buildTest }
const cache = join(import.meta.dirname, '.cache')

/** Builds a target in a temporary directory, then renames it into place, since the old executable may be in use. */
async function build(target: Target<BuildName>, out: string): Promise<void> {
  await mkdir(cache, { recursive: true })
  const work = await mkdtemp(join(cache, 'build-'))
  const directory = join(out, directoryName(target))
  try {
    await builders[target.engine](target.architecture, work, join(work, 'patchbay'))
    await mkdir(directory, { recursive: true })
    await rename(join(work, 'patchbay'), join(directory, 'patchbay'))
    await linkNames(target, directory)
  } finally {
    await rm(work, { recursive: true, maxRetries: 9 }) // after an error compilers may still write
  }
  console.log(join(directory, 'patchbay'))
}

/** Makes one relative symlink per plugin, and removes all other names. `patchbay-agent` leads to the Node executable, which may not be built yet. */
async function linkNames({ engine, architecture }: Target<BuildName>, directory: string): Promise<void> {
  const node = join('..', directoryName({ engine: 'node', architecture }), 'patchbay')
  const links = new Map(Object.keys(plugins).map((name) => [name, 'patchbay']))
  if (engine !== 'node') links.set('patchbay-agent', node)
  const present = new Set(await readdir(directory))
  for (const [name, path] of links) if (!present.has(name)) await symlink(path, join(directory, name))
  for (const name of present) if (name !== 'patchbay' && !links.has(name)) await rm(join(directory, name))
}

const { values } = parseArgs({
  options: { engine: { type: 'string' }, arch: { type: 'string' }, out: { type: 'string', default: 'dist' } },
})
const architecture = oneOf(architectures, values.arch ?? host, '--arch')
const chosen = values.engine ? [oneOf(builds, values.engine, '--engine')] : engines
await reportMissing(async () => {
  for (const engine of chosen) await build({ engine, architecture }, resolve(values.out))
})
