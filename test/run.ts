/** Runs the tests: all of them, or what is named: `npm test -- [check|unit|build|kernel|FILE…]`. */

import { filesBelow, runFile, runStep } from './runner/run.ts'
import { isGood, lastLine, oneFailed, sum, type Tally } from './runner/tally.ts'

const stages: Record<string, () => Promise<Tally[]>> = {
  check: async () => [
    await runStep('types (tsc)', ['tsc', '-p', '.']),
    await runStep('lint (biome)', ['biome', 'check', '--error-on-warnings']),
  ],
  unit: () => runFiles(filesBelow('unit')),
  build: async () => [await runStep('build', [process.execPath, 'build.ts'])],
  kernel: runKernelTests,
}

/** One after another: they share two engines' executables and one machine. */
async function runFiles(files: readonly string[]): Promise<Tally[]> {
  const tallies = []
  for (const file of files) tallies.push(await runFile(file))
  return tallies
}

/** The kernel tests make network namespaces, which is root's. */
async function runKernelTests(): Promise<Tally[]> {
  if (process.getuid?.() === 0) return runFiles(filesBelow('kernel'))
  console.log('FAILED  the kernel tests need root: sudo npm test; without it: npm run unit')
  return [oneFailed]
}

const names = process.argv.slice(2)
const total: Tally[] = []
for (const name of names.length > 0 ? names : Object.keys(stages)) {
  total.push(...(await (stages[name] ?? (() => runFiles([name])))()))
}
console.log(lastLine(sum(total)))
process.exitCode = isGood(sum(total)) ? 0 : 1
