/** Runs all tests, or those that are named: `npm test -- [--guest newest|6.1] [check|unit|build|kernel|FILE…]`. */

import { parseArgs } from 'node:util'
import { reportMissing } from '../scripts/setup.ts'
import { chooseGuest } from './guest/kernel.ts'
import { isKernelTest, prepareKernelTests } from './runner/kernel-tests.ts'
import { filesBelow, type Report, runFile, runStep } from './runner/run.ts'
import { isGood, lastLine, sum, type Tally } from './runner/tally.ts'

const stages: Record<string, () => Promise<Tally[]>> = {
  check: async () => [
    print(await runStep('types (tsc)', ['tsc', '-p', '.'])),
    print(await runStep('lint (biome)', ['biome', 'check', '--error-on-warnings'])),
  ],
  unit: () => runFiles(filesBelow('unit')),
  build: async () => [
    print(await runStep('build', [process.execPath, 'build.ts'])),
    ...(await runFiles(filesBelow('build'))),
  ],
}

/** One after another: they share the executables and the machine. */
async function runFiles(files: readonly string[]): Promise<Tally[]> {
  const tallies: Tally[] = []
  for (const file of files) tallies.push(print(await runFile(file)))
  return tallies
}

function print({ text, tally }: Report): Tally {
  console.log(text)
  return tally
}

/** Kernels are probed first, so that the output begins with them. */
async function run(names: readonly string[]): Promise<Tally[]> {
  const kernelTests = await prepareKernelTests(names.filter(isKernelTest))
  const tallies: Tally[] = []
  for (const name of names.filter((name) => !isKernelTest(name)))
    tallies.push(...(await (stages[name] ?? (() => runFiles([name])))()))
  for (const report of kernelTests()) tallies.push(print(await report))
  return tallies
}

await reportMissing(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { guest: { type: 'string' } },
  })
  if (values.guest) chooseGuest(values.guest)
  const total = sum(await run(positionals.length > 0 ? positionals : [...Object.keys(stages), 'kernel']))
  console.log(lastLine(total))
  process.exitCode = isGood(total) ? 0 : 1
})
