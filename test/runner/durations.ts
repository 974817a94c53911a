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

/** Writes the seconds of the files that ran; those of the others stay, unless the file is gone. */
export function recordDurations(seconds: ReadonlyMap<string, number>): void {
  const rows = Object.entries({ ...known, ...Object.fromEntries(seconds) })
  const rounded = rows
    .filter(([name]) => isThere(name))
    .map(([name, value]) => [name, Math.ceil(value)] as const)
  const sorted = rounded.sort(([one], [other]) => (one < other ? -1 : 1))
  writeFileSync(path, `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`)
}

/** Whether a name in the report is that of a step or of a file that exists. */
function isThere(name: string): boolean {
  const [file = ''] = name.split(' on ')
  return !file.startsWith('test/') || existsSync(join(import.meta.dirname, '../..', file))
}
