/** Writes the generated part of docs/benchmarks.md, the page of all figures, and the plots. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { candidatesOf, picturesOf } from './pictures.ts'
import type { Outcome } from './plan.ts'
import { isReference, type Report, type Row, rowsOf } from './report.ts'
import { scenariosOf, titleOf, type Verb } from './scenarios.ts'
import { linesOf, milliseconds, spread, table } from './text.ts'
import { countOf, verdictsOf } from './verdicts.ts'

const docs = join(import.meta.dirname, '../../docs')
const folder = join(docs, 'benchmarks')
const [begin, end] = ['<!-- measured -->', '<!-- /measured -->']

export function writePage(found: Report): void {
  const report = { ...found, outcomes: sorted(found.outcomes) }
  mkdirSync(folder, { recursive: true })
  const pictures = picturesOf(report)
  for (const [name, svg] of pictures) writeFileSync(join(folder, name), svg)
  writeFileSync(join(folder, 'figures.md'), figures(report))
  const page = join(docs, 'benchmarks.md')
  writeFileSync(
    page,
    withMeasured(
      readFileSync(page, 'utf8'),
      measured(report, (name) => picture(name, pictures)),
    ),
  )
  console.log(`written: ${page}`)
}

/** A page with another text between its marks. @throws when it has none */
export function withMeasured(page: string, text: string): string {
  const [before, rest] = page.split(begin)
  const after = rest?.split(end)[1]
  if (after === undefined) throw new Error(`docs/benchmarks.md has no ${begin} … ${end}`)
  return `${before}${begin}\n${text}\n${end}${after}`
}

/** In the order of the list of scenarios: those of a guest came last. */
function sorted(outcomes: readonly Outcome[]): Outcome[] {
  const order = scenariosOf(true).map(titleOf)
  const place = ({ scenario }: Outcome) => order.indexOf(titleOf(scenario))
  return [...outcomes].sort((one, other) => place(one) - place(other))
}

/** @param picture the line for a picture, by its name */
function measured(report: Report, picture: (name: string) => string): string {
  const { outcomes } = report
  return [
    conditions(report),
    '### Aims',
    ...aimsOf(outcomes),
    '### One attachment at a time, none there before',
    'Medians in milliseconds; the ratio of QuickJS to the better reference is the median of the rounds, and its middle eighty per cent.',
    ...(['ADD', 'DEL'] as const).flatMap((verb) => [
      `**${verb}**`,
      plainTable(outcomes, verb).join('\n'),
      picture(verb),
    ]),
    `The other verbs: ${['CHECK', 'STATUS', 'GC', 'VERSION'].map((verb) => `[${verb}](benchmarks/${verb}.svg)`).join(', ')}.`,
    '### With many there',
    growthTable(outcomes).join('\n'),
    picture('growth-ADD'),
    picture('growth-DEL'),
    '### Many at once',
    picture('at-once'),
    failuresOf(outcomes),
    `[All figures](benchmarks/figures.md): percentiles, processor time, faults, system calls and memory of each verb.`,
  ].join('\n\n')
}

function picture(name: string, pictures: ReadonlyMap<string, string>): string {
  return pictures.has(`${name}.svg`) ? `![${name}](benchmarks/${name}.svg)` : 'Not measured in this run.'
}

function conditions({ date, ours, references, machine, seconds, load, loadAtEnd, outcomes }: Report): string {
  const kernels = [...new Set(outcomes.map(({ kernel }) => kernel))].join('; ')
  return `${date}, ${ours}, against the reference ${references.join(' and ')}, on ${machine}, Linux ${kernels}. Load ${load} at the beginning, ${loadAtEnd} at the end; ${seconds} s for each scenario.`
}

function aimsOf(outcomes: readonly Outcome[]): string[] {
  const verdicts = verdictsOf(outcomes)
  const rows = verdicts.map(({ what, aim, found, met }) => [what, aim, found, met ? 'met' : '**missed**'])
  return [countOf(verdicts), table(['aim', 'at most', 'measured', ''], rows, 1).join('\n')]
}

/** Each scenario on a line, a column for each candidate. */
function plainTable(outcomes: readonly Outcome[], verb: Verb): string[] {
  const plain = outcomes.filter(({ scenario }) => scenario.there === 0 && scenario.atOnce === 1)
  return candidateTable(plain, verb)
}

function growthTable(outcomes: readonly Outcome[]): string[] {
  const subjects = new Set(
    outcomes.filter(({ scenario }) => scenario.there > 0).map(({ scenario }) => scenario.subject),
  )
  const those = outcomes.filter(({ scenario }) => scenario.atOnce === 1 && subjects.has(scenario.subject))
  return candidateTable(those, 'ADD')
}

function candidateTable(outcomes: readonly Outcome[], verb: Verb): string[] {
  const candidates = candidatesOf(outcomes).filter(
    (name) => isReference(name) || ['quickjs', 'node'].includes(name),
  )
  const body = outcomes.map((outcome) => {
    const rows = rowsOf(outcome).filter((row) => row.verb === verb)
    const own = rows.find(({ candidate }) => candidate === 'quickjs')
    const times = candidates.map((name) => timeOf(rows.find(({ candidate }) => candidate === name)))
    const costs = own ? [String(own.calls ?? ''), own.faults.toFixed(0), own.memory.toFixed(1)] : ['', '', '']
    return [nameOf(outcome), ...times, spread(own?.ratio), ...costs]
  })
  return table([verb, ...candidates, 'ratio', 'calls', 'faults', 'MB'], body, 1)
}

function nameOf({ scenario, kernel }: Outcome): string {
  return `${titleOf(scenario)}${kernel.includes('guest') ? ' (guest)' : ''}`
}

/** A failed call's time is in brackets. */
function timeOf(row: Row | undefined): string {
  if (!row) return ''
  return row.failed > 0 ? `(${milliseconds(row.p50)})` : milliseconds(row.p50)
}

/** The same failure of several scenarios is told once. */
function failuresOf(outcomes: readonly Outcome[]): string {
  const failed = outcomes.flatMap((outcome) =>
    rowsOf(outcome)
      .filter((row) => row.failed > 0)
      .map((row) => `${nameOf(outcome)}: ${row.candidate} ${row.verb} (${row.failed} of ${row.runs})`),
  )
  if (failed.length === 0) return 'No call failed.'
  return `Calls that failed, whose times are in brackets and compared with nothing: ${failed.join('; ')}.`
}

function figures(report: Report): string {
  const sections = report.outcomes.map((outcome) => linesOf(outcome).join('\n'))
  return `# All figures\n\n${conditions(report)} ${legend}\n${sections.map(asSection).join('\n')}\n`
}

const legend =
  'Milliseconds, or numbers. `ratio`: to the better reference, round by round: median, p10 to p90. `user`, `system`: processor time. `calls`: system calls. `MB`: peak memory of the largest process. With few runs p99 is the largest.'

function asSection(text: string): string {
  const [, title = '', ...lines] = text.split('\n')
  const isTable = (line: string) => line.startsWith('|')
  const notes = lines
    .filter((line) => !isTable(line))
    .map((line) => `\n- ${line.replaceAll('|', '\\|').replaceAll('<', '&lt;')}`)
  return `\n## ${title}\n\n${lines.filter(isTable).join('\n')}\n${notes.join('')}`
}
