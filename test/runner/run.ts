/** Runs test files and other checks as processes of their own, one line for each, failures in full. */

import { globSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { oneFailed, onePassed, type Tally, tallyOf } from './tally.ts'

const root = join(import.meta.dirname, '../..')
const longest = 15 * 60_000

/** The test files below a folder of `test`, in order of name. */
export function filesBelow(folder: string): string[] {
  return globSync(`test/${folder}/**/*.test.ts`, { cwd: root }).sort()
}

/** Runs one test file, on the Node that runs this. */
export function runFile(file: string): Promise<Tally> {
  return runProgram(file, [process.execPath, file], tallyOf)
}

/** Runs a program that is one test: it passes when its exit status is 0. */
export function runStep(name: string, command: readonly string[]): Promise<Tally> {
  return runProgram(name, command, (_output, status) => (status === 0 ? onePassed : oneFailed))
}

type Judge = (output: string, status: number | undefined) => Tally

async function runProgram(
  name: string,
  [file = '', ...args]: readonly string[],
  judge: Judge,
): Promise<Tally> {
  const start = performance.now()
  const { all, exitCode, timedOut } = await execa(file, args, {
    cwd: root,
    env: { NO_COLOR: '1' },
    stdin: 'ignore',
    all: true,
    reject: false,
    preferLocal: true,
    timeout: longest,
  })
  const tally = judge(all, exitCode)
  const bad = tally.failed + tally.skipped > 0
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  if (bad) console.log(`\n${all}`)
  if (timedOut) console.log(`stopped after ${longest / 60_000} minutes`)
  console.log(
    `${bad ? 'FAILED' : 'ok'}  ${name}  ${tally.passed} of ${tally.passed + tally.failed}, ${seconds} s`,
  )
  return tally
}
