/** What a plugin writes to its standard error, for a terminal. */

import { plain } from '../../shared/error/log.ts'

/** Of one call. */
const mostLines = 20

export function logLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.slice(0, mostLines).map((line) => plain(line.slice(0, 500)))
}
