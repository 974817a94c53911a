/** Runs a program for scripts and builds. The error of a failure has the program's output. */

import { execa, type Options } from 'execa'

/** Runs a program and waits for its end. @returns its standard output @throws an error with the command and its output */
export async function run(file: string, args: readonly string[], options: Options = {}): Promise<string> {
  const { stdout } = await execa(file, args, { stdin: 'ignore', ...options })
  return String(stdout)
}
