/** What the benchmark prints: a table, and which aims are met. */

import { kinds, type Measurement, type Work } from './plan.ts'
import { type Summary, summarize } from './statistics.ts'

/** One line of the table. */
export interface Row extends Work, Summary {
  candidate: string
  /** Median divided by the peer's median. */
  ratio: number
  /** Output of the first failure. */
  failure?: string
}

/** The rows of the table, each compared with the peer's. */
export function toRows(measurements: readonly Measurement[], peer: string): Row[] {
  const summaries = measurements.map(({ samples, ...rest }) => ({ ...rest, ...summarize(samples) }))
  return summaries.map((row) => {
    const rival = summaries.find((it) => it.candidate === peer && isSameWork(it, row))
    return { ...row, ratio: row.median / (rival?.median ?? Number.NaN) }
  })
}

function nameOf({ kind, scenario, verb }: Work): string {
  return [kind, scenario, verb].filter((word) => word).join(' ')
}

function isSameWork(a: Work, b: Work): boolean {
  return a.kind === b.kind && a.scenario === b.scenario && a.verb === b.verb
}

/** The table, in Markdown. */
export function table(rows: readonly Row[]): string {
  const head = ['work', 'who', 'median ms', 'p10', 'p90', 'CPU ms', 'to peer', 'peak MB', 'failed']
  const body = rows.map((row) => [
    nameOf(row),
    row.candidate,
    ...[row.median, row.p10, row.p90, row.cpu].map((number) => number.toFixed(1)),
    row.ratio.toFixed(2),
    row.memory.toFixed(1),
    row.failed > 0 ? String(row.failed) : '',
  ])
  const widths = head.map((_, column) =>
    Math.max(...[head, ...body].map((line) => line[column]?.length ?? 0)),
  )
  const line = (cells: string[]) => `| ${cells.map((cell, n) => pad(cell, n, widths[n] ?? 0)).join(' | ')} |`
  const rule = widths.map((width, n) => (n < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(head), line(rule), ...body.map(line)].join('\n')
}

/** Text is aligned left, numbers right. */
function pad(cell: string, column: number, width: number): string {
  return column < 2 ? cell.padEnd(width) : cell.padStart(width)
}

/** The calls that failed, with their output: figures of failing calls are not comparable. */
export function failures(rows: readonly Row[]): string[] {
  return rows
    .filter(({ failed }) => failed > 0)
    .map(
      (row) =>
        `${row.candidate} failed ${row.failed} times at ${nameOf(row)}: ${row.failure?.replaceAll('\n', ' ')}`,
    )
}

/** The aims of the QuickJS engine against version 1.9.1 of the reference. */
const aims: readonly (Work & { ratio: number })[] = [
  { kind: 'bridge', scenario: '', verb: 'VERSION', ratio: 1.2 },
  { kind: 'bridge', scenario: 'ipMasq nftables', verb: 'ADD', ratio: 0.5 },
  { kind: 'bridge', scenario: 'ipMasq nftables', verb: 'DEL', ratio: 0.5 },
  { kind: 'bridge', scenario: 'ipMasq iptables', verb: 'ADD', ratio: 0.5 },
  { kind: 'bridge', scenario: 'ipMasq iptables', verb: 'DEL', ratio: 0.5 },
  ...kinds.flatMap((kind) => [
    { kind, scenario: 'plain', verb: 'ADD', ratio: 0.6 } as const,
    { kind, scenario: 'plain', verb: 'DEL', ratio: 1 } as const,
  ]),
]
const memoryAim = 8

/** Each aim of an engine, met or missed. Times are compared with the peer's of the same run. */
export function verdicts(rows: readonly Row[], engine: string): string[] {
  const own = rows.filter(({ candidate }) => candidate === engine)
  if (own.length === 0) return []
  const memory = Math.max(...own.map((row) => row.memory))
  const times = aims.flatMap((aim) => {
    const row = own.find((it) => isSameWork(it, aim))
    return row ? [verdict(nameOf(aim), row.ratio, aim.ratio, 'of the peer')] : []
  })
  return [...times, verdict('peak memory', memory, memoryAim, 'MB')]
}

function verdict(what: string, value: number, aim: number, unit: string): string {
  return `${value <= aim ? 'met   ' : 'MISSED'}  ${what}: ${value.toFixed(2)} ${unit}, aim ${aim}`
}
