/** Worker programs of a test: processes that change the same thing at once. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Runs a program as several processes at once.
 * @param words the arguments of each
 * @param before the program under which they run: `strace …`
 * @returns the output of those that failed
 */
export async function atOnce(program: URL, words: string[][], ...before: string[]): Promise<string[]> {
  const failures = words.map(async (args) => {
    const [file = '', ...rest] = [...before, process.execPath, program.pathname, ...args]
    const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'ignore'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk
    })
    const [status] = await once(child, 'close')
    return status === 0 ? [] : [output]
  })
  return (await Promise.all(failures)).flat()
}

/** Numbers of containers, from 2: each is the last part of an address. */
export function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index + 2))
}
