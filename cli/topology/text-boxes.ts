/** The boxes of containers in a terminal, side by side. */

import type { Colour, Page } from '../form/page.ts'
import { cut } from '../form/table.ts'
import { type Card, shortName } from './words.ts'

/** The characters of boxes. */
export interface Strokes {
  line: string
  side: string
  corners: readonly [string, string, string, string]
  arrow: string
}

/** What boxes are drawn on. */
export interface Paper {
  page: Page
  strokes: Strokes
}

/** A line of boxes with the number of columns that it takes: colours take none. */
export interface Row {
  text: string
  length: number
}

/** In columns. */
const narrowest = 14
const widest = 30
/** The sides of a box, and a space inside of each. */
const sides = 4

/** As many boxes side by side as there is room for. @param width in columns */
export function boxRows(cards: readonly Card[], width: number, paper: Paper): Row[] {
  const natural = cards.reduce((most, card) => Math.max(most, naturalWidth(card)), narrowest)
  const box = Math.min(natural, widest, width)
  const columns = Math.max(1, Math.floor((width + 1) / (box + 1)))
  const rows: Row[] = []
  for (let at = 0; at < cards.length; at += columns)
    rows.push(...sideBySide(cards.slice(at, at + columns), box, paper))
  return rows
}

function naturalWidth(card: Card): number {
  const head = lengthOf(card.title) + 1 + lengthOf(card.interface)
  return sides + Math.max(head, ...linesBelow(card).map(({ text }) => lengthOf(text)))
}

function sideBySide(cards: readonly Card[], width: number, { page, strokes }: Paper): Row[] {
  const { line, side, corners } = strokes
  const inner = width - sides
  const contents = cards.map((card) => [headOf(card, inner), ...linesBelow(card)])
  const height = Math.max(...contents.map(({ length }) => length))
  const length = cards.length * (width + 1) - 1
  const edge = (left: string, right: string): Row => {
    const one = page.paint('dim', left + line.repeat(width - 2) + right)
    return { text: cards.map(() => one).join(' '), length }
  }
  const wall = page.paint('dim', side)
  const rows = [...Array(height).keys()].map((row): Row => {
    const parts = contents.map((lines) => `${wall} ${shownIn(inner, page, lines[row])} ${wall}`)
    return { text: parts.join(' '), length }
  })
  return [edge(corners[0], corners[1]), ...rows, edge(corners[2], corners[3])]
}

interface Line {
  text: string
  colour?: Colour
}

function shownIn(width: number, page: Page, { text, colour }: Line = { text: '' }): string {
  const short = cut(text, width)
  const space = ' '.repeat(Math.max(0, width - lengthOf(short)))
  return (colour ? page.paint(colour, short) : short) + space
}

/** The interface's name is to the right of the title. */
function headOf({ title, interface: ifname, isLive }: Card, width: number): Line {
  const room = Math.max(4, width - lengthOf(ifname) - 1)
  const short = shortName(title, room)
  const space = ' '.repeat(Math.max(1, width - lengthOf(short) - lengthOf(ifname)))
  return { text: short + space + ifname, colour: isLive ? 'bold' : 'dim' }
}

function linesBelow({ below, state, addresses, ports, isLive }: Card): Line[] {
  const line = (colour?: Colour) => (text: string) => ({ text, colour: isLive ? colour : 'dim' }) as const
  return [
    ...(below === '' ? [] : [line('dim')(below)]),
    ...(state === '' ? [] : [{ text: state, colour: 'red' as const }]),
    ...addresses.map(line()),
    ...ports.map(line('cyan')),
  ]
}

const lengthOf = (text: string) => [...text].length
