/** A plot of horizontal bars on a linear scale: a group for each subject. */

import { colourOf } from './colours.ts'
import { legend } from './strips.ts'
import { box, element, label, picture } from './svg.ts'

export interface Bars {
  name: string
  /** A value, or none, of each candidate. */
  values: { candidate: string; value: number }[]
}

const width = 860
const left = 262
const right = width - 90
const top = 58
const [barHeight, barStep, groupGap] = [11, 14, 10]

/** The plot as SVG. @param unit stands behind each value */
export function barPlot(
  title: string,
  unit: string,
  groups: readonly Bars[],
  candidates: readonly string[],
): string {
  const most = Math.max(...groups.flatMap(({ values }) => values.map(({ value }) => value)))
  const tops = [top]
  for (const { values } of groups) tops.push((tops.at(-1) ?? top) + values.length * barStep + groupGap)
  const length = (value: number) => ((right - left) * value) / most
  return picture(width, (tops.at(-1) ?? top) + 6, title, [
    label(title, { x: 10, y: 20 }, 'start', { 'font-size': 15 }),
    ...(candidates.length > 1 ? legend(candidates, { x: 10, y: 40 }) : []),
    ...groups.map(({ name, values }, at) => {
      const y = tops[at] ?? top
      const bars = values.flatMap(({ candidate, value }, nth) => [
        box({ x: left, y: y + nth * barStep }, length(value), barHeight, {
          fill: colourOf(candidate, candidates),
        }),
        label(`${short(value)} ${unit}`, { x: left + length(value) + 6, y: y + nth * barStep + 10 }),
      ])
      return element(
        'g',
        {},
        label(name, { x: left - 12, y: y + (values.length * barStep) / 2 + 3 }, 'end'),
        ...bars,
      )
    }),
  ])
}

function short(value: number): string {
  return value >= 10 ? Math.round(value).toLocaleString('en') : value.toFixed(1)
}
