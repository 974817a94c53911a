/** Which characters of the sources were executed, from the reports of V8: each process writes one (NODE_V8_COVERAGE). */

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A range of characters, and how often it was executed. Ranges are nested; the innermost one counts. */
interface Range {
  startOffset: number
  endOffset: number
  count: number
}

interface Script {
  url: string
  functions: { ranges: Range[] }[]
}

/** For each file of the project: 1 for each character that some process executed. */
export type Executed = Map<string, Uint8Array>

/** @param sizes the number of characters of each file; no other file is looked at */
export function nothingExecuted(sizes: ReadonlyMap<string, number>): Executed {
  return new Map(Array.from(sizes, ([file, size]) => [file, new Uint8Array(size)]))
}

/** Adds what one process executed. @param root the directory of its sources, where `x.ts` may be named `x.js` */
export function addReport(executed: Executed, { result }: { result: Script[] }, root: string): void {
  for (const { url, functions } of result) {
    if (!url.startsWith('file://') || url.includes('?')) continue // a copy, perhaps of another text
    const path = fileURLToPath(url)
    if (!path.startsWith(`${root}/`)) continue
    const whole = executed.get(path.slice(root.length + 1).replace(/\.js$/, '.ts'))
    if (whole)
      addRanges(
        whole,
        functions.flatMap(({ ranges }) => ranges),
      )
  }
}

function addRanges(whole: Uint8Array, ranges: Range[]): void {
  const one = new Uint8Array(whole.length)
  ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset)
  for (const { count, startOffset, endOffset } of ranges) one.fill(count > 0 ? 1 : 0, startOffset, endOffset)
  for (const [at, value] of one.entries()) if (value) whole[at] = 1
}

/**
 * Adds the reports in a directory, and deletes them. Those that are being written, or that a killed process did not finish, stay.
 * @returns the number of reports that were added
 */
export function takeReports(executed: Executed, directory: string, root: string): number {
  const paths = existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : []
  const reports = paths.filter((path) => {
    const report = reportOf(path)
    if (report) addReport(executed, report, root)
    return report
  })
  for (const path of reports) rmSync(path)
  return reports.length
}

function reportOf(path: string): { result: Script[] } | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
