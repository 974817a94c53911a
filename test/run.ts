/** Runs the tests: all of them, or what is named: `npm test -- [check|unit|build|kernel|FILE…]`. */

import { availableParallelism } from 'node:os'
import { installTools } from './harness/host.ts'
import { kernels, type Plan, planOf } from './runner/kernels.ts'
import { failure, filesBelow, type Report, runFile, runStep } from './runner/run.ts'
import { sideBySide } from './runner/side-by-side.ts'
import { isGood, lastLine, sum, type Tally } from './runner/tally.ts'

const stages: Record<string, () => Promise<Tally[]>> = {
  check: async () => [
    tell(await runStep('types (tsc)', ['tsc', '-p', '.'])),
    tell(await runStep('lint (biome)', ['biome', 'check', '--error-on-warnings'])),
  ],
  unit: () => runFiles(filesBelow('unit')),
  build: async () => [
    tell(await runStep('build', [process.execPath, 'build.ts'])),
    ...(await runFiles(filesBelow('build'))),
  ],
  kernel: () => runKernelTests(filesBelow('kernel'), guestTests),
}

/** Debian has User-Mode Linux, which the guest is, for x86-64 only. */
const guestTests = process.arch === 'x64' ? filesBelow('guest') : []

/** One after another: they share two engines' executables and one machine. */
async function runFiles(files: readonly string[]): Promise<Tally[]> {
  const tallies: Tally[] = []
  for (const file of files) tallies.push(tell(await runFile(file)))
  return tallies
}

/**
 * Runs test files on each kernel that has what they need. They make network namespaces, which is root's.
 * @param first files to run before, on this kernel
 */
async function runKernelTests(files: readonly string[], first: readonly string[] = []): Promise<Tally[]> {
  if (process.getuid?.() !== 0)
    return [tell(failure('the kernel tests need root: sudo npm test; without it: npm run unit'))]
  await installTools()
  const tallies = await runFiles(first)
  const { runs, nowhere } = await planOf(files, kernels)
  for (const [file, needs] of Object.entries(nowhere))
    tallies.push(tell(failure(`${file}: no kernel here has all that it needs: ${needs.join(', ')}`)))
  return [...tallies, ...(await runOnKernels(runs))]
}

/** One CPU runs the files of this kernel in turn, the others a guest each; the report is in order of kernel and file. */
async function runOnKernels(runs: Plan['runs']): Promise<Tally[]> {
  const [own = [], ...others] = runs.map(({ kernel, files }) =>
    files.map((file) => () => runFile(file, kernel)),
  )
  const tallies: Tally[] = []
  for (const report of sideBySide(own, others.flat(), availableParallelism()))
    tallies.push(tell(await report))
  return tallies
}

function tell({ text, tally }: Report): Tally {
  console.log(text)
  return tally
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
