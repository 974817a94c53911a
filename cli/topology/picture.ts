/** The picture of a node as SVG: the host above, and on a line that comes from it one panel for each network. */

import { cut } from '../form/table.ts'
import type { Graph } from './graph.ts'
import { type Panel, panelOf } from './panel.ts'
import { hues, style } from './style.ts'
import { box, element, label, type Point, path, tip } from './svg.ts'
import { countsOf, linkWords, nicsOf } from './words.ts'

/** Pixels. */
const margin = 24
const gap = 20
/** Panels are to the right of the host's line. */
const left = margin + 28
const widest = 1270
const narrowest = 560
const pillHeight = 24
const monoWidth = 7

/** A panel and where it is. */
interface Placed {
  panel: Panel
  at: Point
  /** Of its shelf. */
  line: number
}

/** @param host its name */
export function pictureOf(graph: Graph, host: string): string {
  const panels = graph.groups.map(panelOf)
  const width = usedBy(shelves(panels, widthOf(panels), 0))
  const head = hostBar(graph, host, width)
  const placed = shelves(panels, width, margin + head.height)
  const height =
    Math.max(margin + head.height, ...placed.map(({ at, panel }) => at.y + panel.height)) + margin
  const title = `${host}: ${countsOf(graph)}`
  return element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img' },
    tip(cut(title, 200)),
    `\n${element('style', {}, style)}\n`,
    box({ x: 0, y: 0 }, width, height, 'page', 0),
    ...lines(placed, margin + head.height),
    head.drawn,
    ...placed.map(({ panel, at }, number) => `\n${panel.draw(at, number % hues.length)}`),
    '\n',
  )
}

/** As wide as the panels need side by side, within bounds. */
function widthOf(panels: readonly Panel[]): number {
  const all = panels.reduce((sum, { width }) => sum + width + gap, left + margin - gap)
  const one = Math.max(0, ...panels.map(({ width }) => width)) + left + margin
  return Math.max(narrowest, one, Math.min(widest, all))
}

/** The width of the longest shelf. */
function usedBy(placed: readonly Placed[]): number {
  return Math.max(narrowest, ...placed.map(({ at, panel }) => at.x + panel.width + margin))
}

/** From left to right, and then below. */
function shelves(panels: readonly Panel[], width: number, top: number): Placed[] {
  const placed: Placed[] = []
  let [x, y, height] = [left, top + 2 * gap, 0]
  for (const panel of panels) {
    if (x > left && x + panel.width > width - margin) {
      y += height + 2 * gap
      ;[x, height] = [left, 0]
    }
    placed.push({ panel, at: { x, y }, line: y - gap })
    x += panel.width + gap
    height = Math.max(height, panel.height)
  }
  return placed
}

/** From the host down, and along each shelf to its panels. */
function lines(placed: readonly Placed[], top: number): string[] {
  const x = margin + 12
  const last = placed.at(-1)
  if (!last) return []
  const drops = placed.flatMap(({ at, line }) => {
    const middle = at.x + 40
    return path('bus', { x, y: line }, { x: middle, y: line }, { x: middle, y: at.y })
  })
  return [path('bus', { x, y: top }, { x, y: last.line }), ...drops]
}

/** The host's name, what is on it, and its NICs. */
function hostBar(graph: Graph, host: string, width: number): { height: number; drawn: string } {
  const nics = nicRows(graph, width)
  const height = 50 + nics.rows * (pillHeight + 6) + (nics.rows > 0 ? 6 : 0)
  const name = cut(host, 40)
  const drawn = element(
    'g',
    {},
    box({ x: margin + 0.5, y: margin + 0.5 }, width - 2 * margin - 1, height - 1, 'panel', 10),
    label(name, { x: margin + 18, y: margin + 32 }, 'host'),
    label(countsOf(graph), { x: width - margin - 18, y: margin + 31 }, 'dim', 'end'),
    ...nics.drawn,
  )
  return { height, drawn }
}

/** NICs that have a place in the bar: a host may have hundreds of links. */
const mostNICs = 24

function nicRows(graph: Graph, width: number): { rows: number; drawn: string[] } {
  const all = nicsOf(graph)
  const more = all.length - mostNICs
  const words = [...all.slice(0, mostNICs).map(linkWords), ...(more > 0 ? [`and ${more} more`] : [])]
  let [x, row] = [margin + 18, 0]
  const drawn = words.flatMap((word) => {
    const text = cut(word, 48)
    const size = text.length * monoWidth + 20
    if (x > margin + 18 && x + size > width - margin - 18) [x, row] = [margin + 18, row + 1]
    const y = margin + 48 + row * (pillHeight + 6)
    const shown = [box({ x, y }, size, pillHeight, 'pill', 12), label(text, { x: x + 10, y: y + 16 }, 'mono')]
    x += size + 8
    return shown
  })
  return { rows: words.length > 0 ? row + 1 : 0, drawn }
}
