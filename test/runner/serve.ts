/** Several test files in one guest: the command that runs them in turn, and how each ended. */

import { join } from 'node:path'
import type { Ended } from './kernels.ts'

/** A command that runs files on the Node that runs this, errors among the output. @param limit seconds for each file */
export function serveCommand(files: readonly string[], limit: number): string[] {
  const program = join(import.meta.dirname, 'launch-in-turn.ts')
  return ['sh', '-c', 'exec "$@" 2>&1', 'serve', process.execPath, program, String(limit), ...files]
}

/** How each file ended, from the output of the command; files that it did not finish are missing. */
export function endingsOf(files: readonly string[], output: string): Ended[] {
  const parts = output.split(/\n\0ended (\d+) ([\d.]+) ([\d.]+)\n/)
  return files.slice(0, Math.floor(parts.length / 4)).map((file, index) => {
    const [text = '', status, begun, ended] = parts.slice(index * 4, index * 4 + 4)
    return { file, output: text, status: Number(status), seconds: Number(ended) - Number(begun) }
  })
}

/** What the command wrote after the last file that it finished. */
export function unfinished(output: string): string {
  return output.slice(output.lastIndexOf('\n\0ended ') + 1).replace(/^\0ended .*\n/, '')
}
