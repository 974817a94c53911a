/** Whether an executable is newer than its sources: tests of an older one mean nothing. */

import { existsSync, globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildName } from '../../scripts/build/target.ts'

const project = join(import.meta.dirname, '../..')

/** The environment variable of files that `npm test` runs: it has built the executables, and asks for the names of tests. */
export const underRunner = 'PATCHBAY_TEST_RUNNER'

/** The sources of executables. */
const sources = [
  'main.ts',
  'package-lock.json',
  '{cli,engine,netavark,plugins,shared}/**/*.{ts,c,h,S,ld,patch}',
  'conf-examples/*.conflist',
  'scripts/build/*',
  'test/engine/*',
]

/** The path, from the root, of a source that changed after an executable was built; undefined without one. */
export function changedSince(executable: string, root: string): string | undefined {
  const built = statSync(executable).mtimeMs
  return globSync(sources, { cwd: root }).find((file) => statSync(join(root, file)).mtimeMs > built)
}

/** The directory with the executables of a build. */
export function directoryOf(build: BuildName): string {
  return join(project, 'dist', build)
}

/** Why executables must be built, as a sentence; undefined when they are newer than their sources. */
export function reasonToBuild(build: BuildName): string | undefined {
  const executable = join(directoryOf(build), 'patchbay')
  if (!existsSync(executable)) return `dist/${build} holds no built plugins`
  const changed = changedSince(executable, project)
  return changed && `dist/${build} is older than ${changed}`
}

/** Builds executables that are missing or older than their sources. */
export async function ensureBuilt(build: BuildName): Promise<void> {
  if (!reasonToBuild(build)) return
  const { run } = await import('../../scripts/run.ts') // test files that build nothing need not load it
  await run(process.execPath, ['build.ts', '--engine', build], { cwd: project })
}
