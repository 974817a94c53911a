/** Several test files in one guest: the command that runs them in turn, and how each ended. */

import type { Ended } from './kernels.ts'

/** $1 seconds for each file, $2 the program that runs it; then the files. */
const script = `limit=$1; program=$2; shift 2
for file do
  read begun rest </proc/uptime
  timeout --kill-after=5 $limit $program $file 2>&1; status=$?
  read ended rest </proc/uptime
  printf '\\n\\0ended %s %s %s\\n' $status $begun $ended
done`

/** A command that runs files on the Node that runs this. @param limit seconds for each file */
export function serveCommand(files: readonly string[], limit: number): string[] {
  return ['sh', '-c', script, 'serve', String(limit), process.execPath, ...files]
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
