/** Tables: for the terminal, and the same in Markdown. */

import type { Outcome } from './plan.ts'
import { type Row, rowsOf } from './report.ts'
import { titleOf, verbs } from './scenarios.ts'
import type { Ratio } from './statistics.ts'

/** A scenario's figures, as lines: its name, a table, and what failed. */
export function linesOf(outcome: Outcome): string[] {
  const rows = inOrder(rowsOf(outcome))
  return [
    `\n${titleOf(outcome.scenario)} (Linux ${outcome.kernel})`,
    ...table(head, rows.map(cellsOf)),
    ...failures(rows),
  ]
}

/** Verb by verb. */
export function inOrder(rows: readonly Row[]): Row[] {
  return verbs.flatMap((verb) => rows.filter((row) => row.verb === verb))
}

const head = [
  'verb',
  'who',
  'p10',
  'p50',
  'p90',
  'p99',
  'ratio',
  'user',
  'system',
  'faults',
  'calls',
  'MB',
  'runs',
]

function cellsOf(row: Row): string[] {
  const times = [row.p10, row.p50, row.p90, row.p99].map(milliseconds)
  const costs = [
    milliseconds(row.user),
    milliseconds(row.system),
    row.faults.toFixed(0),
    String(row.calls ?? ''),
  ]
  const runs = row.failed > 0 ? `${row.failed} of ${row.runs} failed` : String(row.runs)
  return [row.verb, row.candidate, ...times, spread(row.ratio), ...costs, row.memory.toFixed(1), runs]
}

export function milliseconds(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1)
}

/** A ratio with the spread of its middle eighty per cent: `0.43 (0.40–0.47)`. */
export function spread(ratio: Ratio | undefined): string {
  if (!ratio) return ''
  return `${ratio.p50.toFixed(2)} (${ratio.p10.toFixed(2)}–${ratio.p90.toFixed(2)})`
}

/** What failed, with the output: such figures are not comparable. */
function failures(rows: readonly Row[]): string[] {
  return rows.flatMap(({ candidate, verb, failure }) =>
    failure === undefined
      ? []
      : [`${candidate} failed at ${verb}: ${failure.replace(/\s+/g, ' ').slice(0, 300)}`],
  )
}

/** A table in Markdown. The first `texts` columns are aligned left, the others right. */
export function table(titles: readonly string[], body: readonly (readonly string[])[], texts = 2): string[] {
  const widths = titles.map((_, column) =>
    Math.max(3, ...[titles, ...body].map((cells) => cells[column]?.length ?? 0)),
  )
  const pad = (cell: string, column: number) =>
    column < texts ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
  const line = (cells: readonly string[]) => `| ${cells.map(pad).join(' | ')} |`
  const rule = widths.map((width, column) =>
    column < texts ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  return [line(titles), line(rule), ...body.map(line)]
}
