/** Runs the tests: all of them, or what is named: `npm test -- [check|unit|build|kernel|FILE…]`. */

import { installTools } from './harness/host.ts'
import { kernels, planOf } from './runner/kernels.ts'
import { filesBelow, runFile, runStep } from './runner/run.ts'
import { isGood, lastLine, oneFailed, sum, type Tally } from './runner/tally.ts'

const stages: Record<string, () => Promise<Tally[]>> = {
  check: async () => [
    await runStep('types (tsc)', ['tsc', '-p', '.']),
    await runStep('lint (biome)', ['biome', 'check', '--error-on-warnings']),
  ],
  unit: () => runFiles(filesBelow('unit')),
  build: async () => [
    await runStep('build', [process.execPath, 'build.ts']),
    ...(await runFiles(filesBelow('build'))),
  ],
  kernel: () => runKernelTests(filesBelow('kernel'), guestTests),
}

/** Debian has User-Mode Linux, which the guest is, for x86-64 only. */
const guestTests = process.arch === 'x64' ? filesBelow('guest') : []

/** One after another: they share two engines' executables and one machine. */
async function runFiles(files: readonly string[]): Promise<Tally[]> {
  const tallies: Tally[] = []
  for (const file of files) tallies.push(await runFile(file))
  return tallies
}

/**
 * Runs test files on each kernel that has what they need. They make network namespaces, which is root's.
 * @param first files to run before, on this kernel
 */
async function runKernelTests(files: readonly string[], first: readonly string[] = []): Promise<Tally[]> {
  if (process.getuid?.() !== 0)
    return [failed('the kernel tests need root: sudo npm test; without it: npm run unit')]
  await installTools()
  const tallies = await runFiles(first)
  const { runs, nowhere } = await planOf(files, kernels)
  for (const [file, needs] of Object.entries(nowhere))
    tallies.push(failed(`${file}: no kernel here has all that it needs: ${needs.join(', ')}`))
  for (const { kernel, files } of runs) for (const file of files) tallies.push(await runFile(file, kernel))
  return tallies
}

function failed(sentence: string): Tally {
  console.log(`FAILED  ${sentence}`)
  return oneFailed
}

function runNamed(file: string): Promise<Tally[]> {
  return file.startsWith('test/kernel/') ? runKernelTests([file]) : runFiles([file])
}

const names = process.argv.slice(2)
const total: Tally[] = []
for (const name of names.length > 0 ? names : Object.keys(stages)) {
  total.push(...(await (stages[name] ?? (() => runNamed(name)))()))
}
console.log(lastLine(sum(total)))
process.exitCode = isGood(sum(total)) ? 0 : 1
