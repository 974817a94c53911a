/** A network in the picture: what it is on, and below that its containers, each on a line that comes from there. */

import { cut } from '../form/table.ts'
import { cardBox, cardHeight, cardWidth, type Detail } from './card.ts'
import type { Group } from './graph.ts'
import { box, element, label, type Point, path, tip } from './svg.ts'
import { type Card, cardOf, linkWords, nameOf, placeOf, typeOf } from './words.ts'

/** Pixels. */
const margin = 16
const gap = 12
/** From the panel's top to the first row's line. */
const headHeight = 84
/** Above a row: the line, and the drops from it. */
const busHeight = 14
const pillHeight = 24
const monoWidth = 7
const nameWidth = 9.2

/** Containers side by side, at most. */
const mostColumns = 6
/** From this many on, boxes are compact. */
const many = 120
/** The narrowest panel. */
const narrowest = 268

/** A panel whose place is not known yet. */
export interface Panel {
  width: number
  height: number
  /** @param hue the number of the network's colour */
  draw(at: Point, hue: number): string
}

export function panelOf(group: Group): Panel {
  const cards = group.attachments.map(cardOf)
  const detail: Detail = cards.length > many ? 'compact' : 'full'
  const rows = rowsOf(cards)
  const heights = rows.map((row) => Math.max(...row.map((card) => cardHeight(card, detail))))
  const columns = Math.max(0, ...rows.map(({ length }) => length))
  const width = Math.max(narrowest, 2 * margin + 14 + columns * (cardWidth + gap) - gap, headWidth(group))
  const below = heights.reduce((sum, height) => sum + height + busHeight + gap, 0)
  const height = headHeight + below - 4
  return {
    ...{ width, height },
    draw: ({ x, y }, hue) =>
      element(
        'g',
        { class: `n${hue}`, transform: `translate(${x} ${y})` },
        tip(nameOf(group)),
        box({ x: 0.5, y: 0.5 }, width - 1, height - 1, 'panel', 10),
        ...head(group, width),
        ...drawRows(rows, heights, detail),
      ),
  }
}

/** As many columns as make the rows equally long. */
function rowsOf(cards: readonly Card[]): Card[][] {
  const count = Math.ceil(cards.length / mostColumns)
  const columns = Math.ceil(cards.length / Math.max(1, count))
  return [...Array(count).keys()].map((row) => cards.slice(row * columns, (row + 1) * columns))
}

/** Characters of a pill that make a panel wider; it shows more where there is room. */
const longestPill = 44

const pillsOf = (group: Group, longest = longestPill) =>
  [placeOf(group), ...group.uplinks.map((link) => `⇡ ${linkWords(link)}`)].map((text) => cut(text, longest))

const pillWidth = (text: string) => text.length * monoWidth + 20

function headWidth(group: Group): number {
  const pills = pillsOf(group).slice(0, 2)
  return 2 * margin + pills.reduce((sum, text) => sum + pillWidth(text) + 8, -8)
}

function head(group: Group, width: number): string[] {
  const name = cut(nameOf(group), 26)
  const type = cut(typeOf(group), 16)
  const count = group.attachments.length
  const at = margin + name.length * nameWidth + 10
  return [
    label(name, { x: margin, y: 28 }, 'name'),
    ...(type
      ? [
          box({ x: at, y: 15 }, type.length * 6.6 + 14, 18, 'soft', 9),
          label(type, { x: at + 7, y: 28 }, 'port'),
        ]
      : []),
    ...(count > 1 ? [label(String(count), { x: width - margin, y: 28 }, 'dim', 'end')] : []),
    ...pills(group, width),
  ]
}

/** The bridge or NIC, and beside it what leads out of it, as far as there is room. */
function pills(group: Group, width: number): string[] {
  let x = margin
  const longest = Math.floor((width - 2 * margin - 20) / monoWidth)
  return pillsOf(group, longest).flatMap((text, at) => {
    const size = pillWidth(text)
    if (x + size > width - margin + 1) return []
    const shown = [
      at > 0 ? path('line', { x: x - 8, y: 56 }, { x, y: 56 }) : '',
      box({ x, y: 44 }, size, pillHeight, at === 0 ? 'soft' : 'pill', 12),
      label(text, { x: x + 10, y: 60 }, 'mono'),
    ]
    x += size + 8
    return shown
  })
}

/** A trunk to the left, a line above each row, and a drop to each box. */
function drawRows(rows: readonly Card[][], heights: readonly number[], detail: Detail): string[] {
  const trunk = margin + 6
  const first = margin + 14
  let y = headHeight - busHeight + 6
  const drawn = rows.map((row, at) => {
    const line = y
    const top = y + busHeight
    const height = heights[at] ?? 0
    y = top + height + gap
    const middles = row.map((_, column) => first + column * (cardWidth + gap) + cardWidth / 2)
    const shown = [
      path('line', { x: trunk, y: line }, { x: middles.at(-1) ?? trunk, y: line }),
      ...middles.map((x) => path('line', { x, y: line }, { x, y: top })),
      ...row.map((card, column) =>
        cardBox(card, { x: first + column * (cardWidth + gap), y: top }, cardHeight(card, detail), detail),
      ),
    ]
    return { line, shown: shown.join('\n') }
  })
  const last = drawn.at(-1)
  if (!last) return []
  return [
    path('line', { x: trunk, y: 44 + pillHeight }, { x: trunk, y: last.line }),
    ...drawn.map(({ shown }) => shown),
  ]
}
