/** Runs the programs that scripts and builds need; a failure shows what the program said. */

import { execa, type Options } from 'execa'

/** Runs a program to its end and gives its standard output. @throws with the command and its output */
export async function run(file: string, args: readonly string[], options: Options = {}): Promise<string> {
  const { stdout } = await execa(file, args, { stdin: 'ignore', ...options })
  return String(stdout)
}
