/** Which aims are met. */

import { type Aim, aims, type Place } from './aims.ts'
import { nameBeside } from './candidate.ts'
import type { Outcome } from './plan.ts'
import { betterReference, type Row, rowOf } from './report.ts'
import { summarize } from './statistics.ts'

/** One aim and what came of it. An aim without a figure has no verdict. */
export interface Verdict {
  /** `bridge ADD, 10,000 there` */
  what: string
  /** The aim and the figure in the same unit: `0.45`, `10 ms`. */
  aim: string
  found: string
  met: boolean
  /** `met     bridge ADD: 0.40, aim 0.45` */
  text: string
}

/** The aims that these outcomes can judge. */
export function verdictsOf(outcomes: readonly Outcome[], judged: readonly Aim[] = aims): Verdict[] {
  return judged.flatMap((aim) => verdictOf(outcomes, aim) ?? [])
}

/** How many aims are met, and how many no figure could judge. */
export function countOf(verdicts: readonly Verdict[], judged: readonly Aim[] = aims): string {
  const met = verdicts.filter((verdict) => verdict.met).length
  const rest = judged.length - verdicts.length
  return `${met} of ${verdicts.length} aims are met${rest > 0 ? `; ${rest} were not judged in this run` : ''}.`
}

interface Finding {
  value: number
  limit: number
  unit: string
  /** Behind the place's name. */
  note: string
}

function verdictOf(outcomes: readonly Outcome[], aim: Aim): Verdict | undefined {
  const outcome = find(outcomes, aim)
  const row = outcome && rowOf(outcome, aim.engine ?? 'quickjs', aim.verb)
  const finding = row && findingOf(outcomes, outcome, row, aim)
  if (!finding) return undefined
  const { value, limit, unit, note } = finding
  const what = `${nameOf(aim)}${note}`
  const [found, limitText] = [`${value.toFixed(unit ? 1 : 2)}${unit}`, `${limit}${unit}`]
  const met = value <= limit && row.failed === 0
  return {
    what,
    aim: limitText,
    found,
    met,
    text: `${met ? 'met   ' : 'MISSED'}  ${what}: ${found}, aim ${limitText}`,
  }
}

function findingOf(outcomes: readonly Outcome[], outcome: Outcome, row: Row, aim: Aim): Finding | undefined {
  if ('growth' in aim) return growthOf(outcomes, row, aim)
  if ('above' in aim) return excessOf(outcome, row, aim)
  if ('milliseconds' in aim) return { value: row.p50, limit: aim.milliseconds, unit: ' ms', note: '' }
  if ('of' in aim) return shareOf(outcome, row, aim)
  const rival = betterReference(outcome.measurements, aim.verb)
  if (!rival) return undefined
  return {
    value: row.p50 / summarize(rival.samples).p50,
    limit: aim.ratio,
    unit: '',
    note: ` to ${rival.candidate}`,
  }
}

/** To what is measured beside it. */
function shareOf(outcome: Outcome, row: Row, aim: Extract<Aim, { of: string }>): Finding | undefined {
  const base = rowOf(outcome, nameBeside(row.candidate, aim.of), row.verb)
  return base && { value: row.p50 / base.p50, limit: aim.ratio, unit: '', note: ` to ${aim.of}` }
}

function excessOf(outcome: Outcome, row: Row, aim: Extract<Aim, { above: object }>): Finding | undefined {
  const { candidate = row.candidate, verb = row.verb } = aim.above
  const base = rowOf(outcome, candidate, verb)
  const note = ` above ${aim.above.candidate ?? ''}${aim.above.verb ?? ''}`
  return base && { value: row.p50 - base.p50, limit: aim.milliseconds, unit: ' ms', note }
}

/** The worst of three costs that are the plugin's own: the kernel's work grows with the number of links by itself. */
function growthOf(
  outcomes: readonly Outcome[],
  row: Row,
  aim: Extract<Aim, { growth: number }>,
): Finding | undefined {
  const idle = find(outcomes, { ...aim, there: 0 })
  const base = idle && rowOf(idle, row.candidate, row.verb)
  if (!base) return undefined
  const ratios = {
    'system calls': (row.calls ?? 0) / (base.calls ?? Number.NaN),
    'user time': row.user / base.user,
    faults: row.faults / base.faults,
  }
  const [worst, value] = Object.entries(ratios).sort(([, one], [, other]) => other - one)[0] ?? [
    '',
    Number.NaN,
  ]
  return {
    value,
    limit: aim.growth,
    unit: '',
    note: ` to none (${worst}, the worst of calls, user time, faults)`,
  }
}

function find(
  outcomes: readonly Outcome[],
  { subject, there = 0, crowded = false }: Place,
): Outcome | undefined {
  return outcomes.find(
    ({ scenario }) =>
      scenario.subject === subject && scenario.there === there && scenario.atOnce > 1 === crowded,
  )
}

function nameOf({ subject, verb, engine, there, crowded }: Place): string {
  const parts = [
    `${subject} ${verb}`,
    there ? `${there.toLocaleString('en')} there` : '',
    crowded ? '16 at once' : '',
    engine ? `engine ${engine}` : '',
  ]
  return parts.filter((part) => part !== '').join(', ')
}
