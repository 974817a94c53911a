/** The seconds that each test file took the last time, so that the longest begin first: durations.json beside this file. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const path = join(import.meta.dirname, 'durations.json')
const UNKNOWN_SECONDS = 15

const known: Record<string, number> = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}

/** The expected seconds of a file on a kernel, by the name in the report. */
export function expectedSeconds(name: string): number {
  return known[name] ?? UNKNOWN_SECONDS
}

/** Writes the seconds of a whole run. */
export function recordDurations(seconds: ReadonlyMap<string, number>): void {
  const rows = [...seconds].sort(([one], [other]) => (one < other ? -1 : 1))
  const rounded = rows.map(([name, value]) => [name, Math.ceil(value)])
  writeFileSync(path, `${JSON.stringify(Object.fromEntries(rounded), undefined, 2)}\n`)
}
