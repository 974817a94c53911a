/** Runs test files and other checks as separate processes: prints a line for each, and failures in full. */

import { globSync } from 'node:fs'
import { join } from 'node:path'
import { type Ending, type Kernel, native } from './kernels.ts'
import { oneFailed, onePassed, type Tally, tallyOf } from './tally.ts'

const root = join(import.meta.dirname, '../..')
/** Seconds that one of them may take. */
const longest = 15 * 60

/** The text about a run, and its counts. */
export interface Report {
  text: string
  tally: Tally
}

/** The test files below a folder of `test`, in order of name. */
export function filesBelow(folder: string): string[] {
  return globSync(`test/${folder}/**/*.test.ts`, { cwd: root }).sort()
}

/** Runs one test file, on the Node that runs this. */
export function runFile(file: string, kernel = native): Promise<Report> {
  const name = kernel === native ? file : `${file} on ${kernel.name}`
  return runProgram(name, [process.execPath, file], tallyOf, kernel)
}

/** Runs a program that is one test: it passes when its exit status is 0. */
export function runStep(name: string, command: readonly string[]): Promise<Report> {
  return runProgram(name, command, (_output, status) => (status === 0 ? onePassed : oneFailed), native)
}

type CountTests = (output: string, status: Ending['status']) => Tally

async function runProgram(
  name: string,
  command: readonly string[],
  count: CountTests,
  kernel: Kernel,
): Promise<Report> {
  const start = performance.now()
  const { output, status } = await kernel.run(command, longest)
  const tally = count(output, status)
  const bad = tally.failed + tally.skipped > 0
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const counts = `${tally.passed} of ${tally.passed + tally.failed}, ${seconds} s`
  return { tally, text: bad ? `\n${output}\nFAILED  ${name}  ${counts}` : `ok  ${name}  ${counts}` }
}

/** A failed check of the runner itself. */
export function failure(sentence: string): Report {
  return { text: `FAILED  ${sentence}`, tally: oneFailed }
}
