/** Runs the tests that a change touches, after each change: `npm run watch`. */

import { spawnSync } from 'node:child_process'
import { watch } from 'node:fs/promises'
import { join } from 'node:path'
import { filesBelow } from './runner/run.ts'
import { touchedBy } from './runner/touched.ts'
import { importsBelow } from './unit/architecture/imports.ts'

const root = join(import.meta.dirname, '..')
const sources = /^(main\.ts|(cli|engine|plugins|shared|test)\/.*\.(ts|c|h))$/
/** An editor saves a file in several steps. */
const QUIET_MILLISECONDS = 200

const changed = new Set<string>()
let timer: NodeJS.Timeout | undefined

/** Types and lint of the whole project, and the tests that matter. The executables are built when a kernel test needs them. */
function run(): void {
  const files = [...changed]
  changed.clear()
  const tests = ['unit', 'model', 'build', 'kernel', 'guest', 'fuzz'].flatMap(filesBelow)
  const touched = touchedBy(files, importsBelow(root), tests)
  console.log(`\n${files.join(', ')}: ${touched.length} test files`)
  spawnSync(process.execPath, ['test/run.ts', 'types', 'lint', ...touched], { cwd: root, stdio: 'inherit' })
}

console.log('waiting for a change')
for await (const { filename } of watch(root, { recursive: true })) {
  if (!filename || !sources.test(filename)) continue
  changed.add(filename)
  clearTimeout(timer)
  timer = setTimeout(run, QUIET_MILLISECONDS)
}
