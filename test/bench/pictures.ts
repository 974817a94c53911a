/** The plots of a run. */

import type { Outcome } from './plan.ts'
import { growthPlot, type Panel } from './plot/growth.ts'
import { type Group, stripPlot } from './plot/strips.ts'
import { isReference, type Report, rowsOf } from './report.ts'
import { titleOf, type Verb, verbs } from './scenarios.ts'

/** Subjects that have a panel in the plot of growth. */
const growing = ['bridge', 'host-local', 'macvlan', 'ptp']

/** Each plot by its file's name. A plot without anything in it is left out. */
export function picturesOf({ outcomes }: Report): Map<string, string> {
  const candidates = candidatesOf(outcomes)
  const plots = verbs.map((verb) => [`${verb}.svg`, verbPlot(outcomes, verb, candidates)] as const)
  const growth = (['ADD', 'DEL'] as const).map(
    (verb) => [`growth-${verb}.svg`, growthOf(outcomes, verb, candidates)] as const,
  )
  const crowd = ['at-once.svg', crowdPlot(outcomes, candidates)] as const
  return new Map([...plots, ...growth, crowd].filter(([, svg]) => /<rect|<circle/.test(svg)))
}

/** Ours first, then the references, then what does nothing. */
export function candidatesOf(outcomes: readonly Outcome[]): string[] {
  const all = [
    ...new Set(outcomes.flatMap(({ measurements }) => measurements.map(({ candidate }) => candidate))),
  ]
  const rank = (name: string) => (['quickjs', 'node'].includes(name) ? 0 : isReference(name) ? 1 : 2)
  const order = (name: string) => (name === 'quickjs' ? 0 : 1)
  return all.sort((a, b) => rank(a) - rank(b) || order(a) - order(b) || (a < b ? 1 : -1))
}

function isPlain({ scenario }: Outcome): boolean {
  return scenario.there === 0 && scenario.atOnce === 1
}

function verbPlot(outcomes: readonly Outcome[], verb: Verb, candidates: readonly string[]): string {
  const groups = outcomes.filter(isPlain).map((outcome) => groupOf(outcome, verb))
  const used = groups.filter(({ strips }) => strips.length > 0)
  return stripPlot(`${verb}: p10 to p90, p50, p99`, used, present(used, candidates))
}

/** A scenario's name says when it was measured in a guest, where all is slower. */
function groupOf(outcome: Outcome, verb: Verb): Group {
  const rows = rowsOf(outcome).filter((row) => row.verb === verb && row.failed < row.runs)
  const where = outcome.kernel.includes('guest') ? ' (guest)' : ''
  return { name: `${titleOf(outcome.scenario)}${where}`, strips: rows }
}

function present(groups: readonly Group[], candidates: readonly string[]): string[] {
  return candidates.filter((name) =>
    groups.some(({ strips }) => strips.some(({ candidate }) => candidate === name)),
  )
}

function crowdPlot(outcomes: readonly Outcome[], candidates: readonly string[]): string {
  const crowds = outcomes.filter(({ scenario }) => scenario.atOnce > 1)
  const groups = crowds.flatMap((outcome) =>
    (['ADD', 'DEL'] as const).map((verb) => {
      const group = groupOf(outcome, verb)
      return { ...group, name: `${group.name} ${verb}` }
    }),
  )
  return stripPlot(
    'Many containers, 16 calls at once: from the first start to the last exit',
    groups,
    present(groups, candidates),
  )
}

function growthOf(outcomes: readonly Outcome[], verb: Verb, candidates: readonly string[]): string {
  const single = outcomes.filter(({ scenario }) => scenario.atOnce === 1)
  const panels = growing.map((subject): Panel => {
    const own = single.filter(({ scenario }) => scenario.subject === subject)
    return { name: subject, curves: candidates.flatMap((candidate) => curveOf(own, candidate, verb)) }
  })
  const used = panels.filter(({ curves }) => curves.length > 0)
  const names = candidates.filter((name) =>
    used.some(({ curves }) => curves.some(({ candidate }) => candidate === name)),
  )
  return growthPlot(`${verb}, by the number of attachments there before: p50, p10 to p90`, used, names)
}

function curveOf(outcomes: readonly Outcome[], candidate: string, verb: Verb) {
  const points = outcomes.flatMap((outcome) =>
    rowsOf(outcome)
      .filter((row) => row.candidate === candidate && row.verb === verb)
      .map((row) => ({ ...row, there: outcome.scenario.there })),
  )
  return points.length > 0 ? [{ candidate, points }] : []
}
