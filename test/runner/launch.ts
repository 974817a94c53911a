/** Starts test files in a guest. A kernel test begins on its private host: it would load all its modules twice if it moved there itself. */

import { spawnSync } from 'node:child_process'
import { runPrivately } from '../harness/private.ts'

/** The status of timeout(1) for a program that was stopped. */
const STOPPED = 124

/** Whether a test file moves to a private host before it does anything else. */
export function movesFirst(source: string): boolean {
  return / from '[^']+'\n\n?await privateHost\(\)$/m.test(source)
}

/**
 * Runs a test file to its end, in a private host if it would move there.
 * @param limit seconds
 * @returns the exit status
 */
export function launch(file: string, source: string, limit: number): number {
  const timeout = limit * 1000
  const run = movesFirst(source) ? runPrivately : runHere
  return run([file], timeout) ?? STOPPED
}

function runHere(args: readonly string[], timeout: number): number | null {
  return spawnSync(process.execPath, args, { stdio: 'inherit', timeout, killSignal: 'SIGKILL' }).status
}
