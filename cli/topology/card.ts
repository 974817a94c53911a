/** The box of a container in the picture. */

import { cut } from '../form/table.ts'
import { box, element, label, type Point, tip } from './svg.ts'
import { type Card, shortName } from './words.ts'

/** Pixels. */
export const cardWidth = 176
const margin = 12
const lineHeight = 15

/** Of one character: of a title, which is proportional and bold, of other lines, and of ports. */
const titleWidth = 7.8
const monoWidth = 7
const smallWidth = 6.4

/** With many containers in a network a box has its name and first address only. */
export type Detail = 'full' | 'compact'

export function cardHeight(card: Card, detail: Detail): number {
  const { addresses, ports } = shownOf(card, detail)
  const notes = notesOf(card) ? 1 : 0
  return 28 + lineHeight * (notes + addresses.length) + 19 * ports.length + 6
}

function shownOf({ addresses, ports }: Card, detail: Detail): Pick<Card, 'addresses' | 'ports'> {
  return detail === 'full'
    ? { addresses, ports }
    : { addresses: addresses.slice(0, 1), ports: ports.slice(0, 1) }
}

const notesOf = ({ below, state }: Card) => [below, state].filter(Boolean).join(', ')

/** An SVG of its own within the picture: what is too long is cut at its edge. */
export function cardBox(card: Card, { x, y }: Point, height: number, detail: Detail): string {
  const { addresses, ports } = shownOf(card, detail)
  const room = cardWidth - 2 * margin
  const nameRoom = (room - card.interface.length * smallWidth - 10) / titleWidth
  const notes = notesOf(card)
  let line = 20
  const next = (step = lineHeight) => {
    line += step
    return line
  }
  return element(
    'svg',
    { x, y, width: cardWidth, height },
    tip(card.whole),
    box({ x: 0.75, y: 0.75 }, cardWidth - 1.5, height - 1.5, card.isLive ? 'sheet' : 'sheet gone'),
    box({ x: 0, y: 10 }, 3, height - 20, card.isLive ? 'fill' : 'dim', 1.5),
    label(shortName(card.title, nameRoom), { x: margin, y: line }, card.isLive ? 'card' : 'card dim'),
    label(card.interface, { x: cardWidth - margin, y: line }, 'small dim', 'end'),
    ...(notes
      ? [
          label(
            cut(notes, room / smallWidth),
            { x: margin, y: next() },
            card.isLive ? 'small dim' : 'small warn',
          ),
        ]
      : []),
    ...addresses.map((one) => label(cut(one, room / monoWidth), { x: margin, y: next() }, 'mono')),
    ...ports.map((port) => badge(port, { x: margin, y: next(19) })),
  )
}

/** A port of the host. */
function badge(port: string, { x, y }: Point): string {
  const text = cut(port, (cardWidth - 2 * margin - 12) / smallWidth)
  return `${box({ x, y: y - 12 }, text.length * smallWidth + 12, 16, 'soft', 4)}${label(text, { x: x + 6, y }, 'port')}`
}
