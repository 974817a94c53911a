/** The report of a coverage run: percentages for each folder and file, and the lines that nothing executed. */

import { basename, dirname } from 'node:path'
import { type Lines, ranges } from './lines.ts'

/** The lines of a file, as the unit tests, the executables, and both together executed them. */
export interface Covered {
  file: string
  unit: Lines
  executables: Lines
  both: Lines
}

/** A row for each folder, in order, and one for all. */
export function summary(files: readonly Covered[]): string {
  const rows = folders(files).map(([folder, files]) => row(folder, files))
  return [heading, ...rows, row('all', files)].join('\n')
}

/** The whole report: below each folder its files, below each file the lines. */
export function report(files: readonly Covered[]): string {
  const rows = folders(files).flatMap(([folder, files]) => ['', row(folder, files), ...files.map(ofFile)])
  return `${[heading, row('all', files), ...rows].join('\n')}\n`
}

function folders(files: readonly Covered[]): [string, Covered[]][] {
  const groups = new Map<string, Covered[]>()
  for (const covered of files) {
    const folder = dirname(covered.file)
    groups.set(folder, [...(groups.get(folder) ?? []), covered])
  }
  return [...groups].sort()
}

function ofFile(covered: Covered): string {
  const { code, missed, partly } = covered.both
  const lists = [
    ['not executed', ranges(missed, code)],
    ['in part', partly.join(', ')],
  ]
  const lines = lists.filter(([, list]) => list).map(([name, list]) => `      ${name}: ${list}`)
  return [row(`  ${basename(covered.file)}`, [covered]), ...lines].join('\n')
}

const WIDTH = 40
const heading = rowOf('', ['lines', 'unit', 'executables', 'either'])

function row(name: string, files: readonly Covered[]): string {
  const counts = (part: 'unit' | 'executables' | 'both') => percent(files.map((covered) => covered[part]))
  const lines = files.reduce((sum, { both }) => sum + both.code.length, 0)
  return rowOf(name, [String(lines), counts('unit'), counts('executables'), counts('both')])
}

function rowOf(name: string, cells: readonly string[]): string {
  return [name.padEnd(WIDTH), ...cells.map((cell) => cell.padStart(13))].join('')
}

/** Rounded down: only all lines are 100 %. */
function percent(files: readonly Lines[]): string {
  const all = files.reduce((sum, { code }) => sum + code.length, 0)
  const missed = files.reduce((sum, { missed }) => sum + missed.length, 0)
  const share = all === 0 ? 1 : (all - missed) / all
  return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`
}

/** The same for editors and other programs, in the format of lcov (geninfo(1)). */
export function lcov(files: readonly Covered[]): string {
  return files
    .map(({ file, both: { code, missed } }) => {
      const lines = code.map((line) => `DA:${line},${missed.includes(line) ? 0 : 1}\n`)
      return `SF:${file}\n${lines.join('')}end_of_record\n`
    })
    .join('')
}
