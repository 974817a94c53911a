/** A plot of how a cost grows with what is there already: a panel for each subject, a line for each candidate. */

import { colourOf } from './colours.ts'
import { logarithmic, type Scale } from './scale.ts'
import { legend } from './strips.ts'
import { element, label, line, picture } from './svg.ts'

export interface Curve {
  candidate: string
  points: { there: number; p10: number; p50: number; p90: number }[]
}

export interface Panel {
  name: string
  curves: Curve[]
}

const [panelWidth, panelHeight, columns] = [430, 230, 2]
const inner = { left: 60, right: 20, top: 34, bottom: 34 }
const head = 54

/** The plot as SVG. */
export function growthPlot(title: string, panels: readonly Panel[], candidates: readonly string[]): string {
  const rows = Math.ceil(panels.length / columns)
  return picture(columns * panelWidth, head + rows * panelHeight, title, [
    label(title, { x: 10, y: 20 }, 'start', { 'font-size': 15 }),
    ...legend(candidates, { x: 10, y: 42 }),
    ...panels.map((panel, n) => {
      const place = `translate(${(n % columns) * panelWidth} ${head + Math.floor(n / columns) * panelHeight})`
      return element('g', { transform: place }, ...drawn(panel, candidates))
    }),
  ])
}

function drawn({ name, curves }: Panel, candidates: readonly string[]): string[] {
  const points = curves.flatMap((curve) => curve.points)
  const numbers = [...new Set(points.map(({ there }) => there))].sort((a, b) => a - b)
  const scale = logarithmic(
    points.flatMap(({ p10, p90 }) => [p10, p90]),
    panelHeight - inner.bottom,
    inner.top,
  )
  const step = (panelWidth - inner.left - inner.right - 40) / Math.max(numbers.length - 1, 1)
  const xOf = (there: number) => inner.left + 20 + numbers.indexOf(there) * step
  return [
    label(name, { x: inner.left, y: 20 }, 'start', { 'font-size': 13 }),
    ...grid(scale),
    ...numbers.map((there) =>
      label(`${there.toLocaleString('en')}`, { x: xOf(there), y: panelHeight - inner.bottom + 18 }, 'middle'),
    ),
    ...curves.map((curve) => drawnCurve(curve, xOf, scale, colourOf(curve.candidate, candidates))),
  ]
}

function grid({ at, ticks }: Scale): string[] {
  return ticks.flatMap((tick) => [
    line(
      { x: inner.left, y: at(tick) },
      { x: panelWidth - inner.right, y: at(tick) },
      { 'stroke-opacity': 0.25 },
    ),
    label(`${tick} ms`, { x: inner.left - 6, y: at(tick) + 4 }, 'end', { 'font-size': 10 }),
  ])
}

function drawnCurve(
  { points }: Curve,
  xOf: (there: number) => number,
  { at }: Scale,
  colour: string,
): string {
  const way = points.map(({ there, p50 }) => `${xOf(there).toFixed(1)},${at(p50).toFixed(1)}`).join(' ')
  const strokes = { stroke: colour, fill: 'none', 'stroke-width': 2 }
  const spreads = points.map(({ there, p10, p90 }) =>
    line(
      { x: xOf(there), y: at(p10) },
      { x: xOf(there), y: at(p90) },
      { stroke: colour, 'stroke-opacity': 0.6 },
    ),
  )
  const dots = points.map(({ there, p50 }) =>
    element('circle', { cx: xOf(there), cy: at(p50), r: 3, fill: colour }),
  )
  return element('g', {}, element('polyline', { points: way, ...strokes }), ...spreads, ...dots)
}
