/** The executable by its own name, `patchbay`: the operator's command line. */

import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { scratch } from './host.ts'

let directories = 0

/** A new directory for a test's files. */
export function newDirectory(): string {
  const directory = `${scratch}/directory${directories++}`
  mkdirSync(directory, { recursive: true })
  return directory
}

/** One that hangs is killed, so that its test fails. */
const timeout = 120_000

/** Runs a program. @param words its arguments, one space between two */
export function run(file: string, words: string, env: Record<string, string> = {}): SpawnSyncReturns<string> {
  const options = { encoding: 'utf8' as const, timeout, killSignal: 'SIGKILL' as const }
  return spawnSync(file, words.split(' '), { ...options, env: { PATH: process.env.PATH, ...env } })
}

/** Runs a program, which must end with a status; null for one that is killed. @returns its output, and its errors */
export function operate(
  file: string,
  words: string,
  status: number | null = 0,
  env: Record<string, string> = {},
): string {
  const done = run(file, words, env)
  assert.is(done.status, status, `${words}: ${done.stdout}${done.stderr}`)
  return done.stdout + done.stderr
}

/**
 * What a verb answers as JSON, which must have the documented shape (cli/answers).
 * @param words the verb, its words and flags, one space between two
 */
export async function answerOf<T = unknown>(
  file: string,
  verb: string,
  words = '',
  status = 0,
  env: Record<string, string> = {},
): Promise<T> {
  const done = run(file, `${verb} ${words} -o json`.replace(/ +/g, ' '), env)
  assert.is(done.status, status, `${verb} ${words}: ${done.stdout}${done.stderr}`)
  const { answer } = await import(`../../cli/answers/${verb.replace(' ', '-')}.ts`)
  return answer.parse(JSON.parse(done.stdout)) as T
}
