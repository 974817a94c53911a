/** A plot of strips: for each scenario, one strip for each candidate, from p10 to p90, with a mark at p50 and a line to p99. */

import { colourOf } from './colours.ts'
import { logarithmic, type Scale } from './scale.ts'
import { box, element, ink, label, line, type Point, picture } from './svg.ts'

export interface Strip {
  candidate: string
  p10: number
  p50: number
  p90: number
  p99: number
}

export interface Group {
  name: string
  strips: Strip[]
}

const width = 860
const left = 262
const right = width - 40
const top = 62
const [stripHeight, stripStep, groupGap] = [8, 11, 10]

/** The plot as SVG. @param candidates in the order of the legend and of the strips */
export function stripPlot(title: string, groups: readonly Group[], candidates: readonly string[]): string {
  const values = groups.flatMap(({ strips }) => strips.flatMap(({ p10, p99 }) => [p10, p99]))
  const scale = logarithmic(values, left, right)
  const tops = topsOf(groups)
  const bottom = tops.at(-1) ?? top
  return picture(width, bottom + 10, title, [
    label(title, { x: 10, y: 20 }, 'start', { 'font-size': 15 }),
    ...legend(candidates, { x: 10, y: 40 }),
    ...grid(scale, bottom),
    ...groups.map((group, n) => drawn(group, tops[n] ?? 0, scale, candidates)),
  ])
}

/** The upper edge of each group, and of what is below the last. */
function topsOf(groups: readonly Group[]): number[] {
  const tops = [top + 6]
  for (const { strips } of groups) tops.push((tops.at(-1) ?? top) + strips.length * stripStep + groupGap)
  return tops
}

/** Names of candidates beside their colours. */
export function legend(candidates: readonly string[], { x, y }: Point): string[] {
  return candidates.map((name, n) => {
    const at = x + n * 110
    const colour = colourOf(name, candidates)
    return element(
      'g',
      {},
      box({ x: at, y: y - 9 }, 14, 10, { fill: colour }),
      label(name, { x: at + 20, y }),
    )
  })
}

function grid({ at, ticks }: Scale, bottom: number): string[] {
  return ticks.map((tick) =>
    element(
      'g',
      {},
      line({ x: at(tick), y: top }, { x: at(tick), y: bottom }, { 'stroke-opacity': 0.25 }),
      label(`${tick} ms`, { x: at(tick), y: top - 4 }, 'middle', { 'font-size': 10 }),
    ),
  )
}

function drawn({ name, strips }: Group, y: number, scale: Scale, candidates: readonly string[]): string {
  const sorted = [...strips].sort((a, b) => candidates.indexOf(a.candidate) - candidates.indexOf(b.candidate))
  const middle = y + (strips.length * stripStep) / 2 + 2
  return element(
    'g',
    {},
    label(name, { x: left - 12, y: middle }, 'end'),
    ...sorted.map((strip, n) =>
      drawnStrip(strip, y + n * stripStep, scale, colourOf(strip.candidate, candidates)),
    ),
  )
}

function drawnStrip(
  { candidate, p10, p50, p90, p99 }: Strip,
  y: number,
  { at }: Scale,
  colour: string,
): string {
  const middle = y + stripHeight / 2
  const tip = `${candidate}: p10 ${p10.toFixed(1)}, p50 ${p50.toFixed(1)}, p90 ${p90.toFixed(1)}, p99 ${p99.toFixed(1)} ms`
  return [
    line({ x: at(p90), y: middle }, { x: at(p99), y: middle }, { stroke: colour, 'stroke-width': 1.5 }),
    box(
      { x: at(p10), y },
      at(p90) - at(p10),
      stripHeight,
      { fill: colour, 'fill-opacity': 0.55, rx: 2 },
      tip,
    ),
    box({ x: at(p50) - 1.5, y: y - 1 }, 3, stripHeight + 2, {
      fill: colour,
      stroke: ink,
      'stroke-width': 0.5,
    }),
  ].join('')
}
