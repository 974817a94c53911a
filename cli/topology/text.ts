/** The picture in a terminal: boxes in boxes, as wide as the terminal. */

import { environment } from '#engine'
import type { Page } from '../form/page.ts'
import { cut } from '../form/table.ts'
import type { Graph, Group } from './graph.ts'
import { boxRows, type Paper, type Row, type Strokes } from './text-boxes.ts'
import { cardOf, countsOf, linkWords, nameOf, nicsOf, placeOf, typeOf } from './words.ts'

const unicode: Strokes = { line: '─', side: '│', corners: ['╭', '╮', '╰', '╯'], arrow: '→' }
const ascii: Strokes = { line: '-', side: '|', corners: ['+', '+', '+', '+'], arrow: '->' }

/** By the first of the variables that is set (setlocale(3)). */
function strokesOfLocale(): Strokes {
  const { LC_ALL, LC_CTYPE, LANG } = environment()
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '') ? unicode : ascii
}

/** In columns: of a file, and at least. */
const usual = 100
const narrowest = 18

export function textOf(page: Page, graph: Graph, host: string, strokes = strokesOfLocale()): string {
  const width = Math.max(page.width ?? usual, narrowest)
  const nics = nicsOf(graph).map((link) => fit(linkWords(link), width - 4))
  const head = [
    page.paint('bold', fit(`${host}: ${countsOf(graph)}`, width)),
    ...nics.map((line) => `  ${line}`),
  ]
  const text = [head.join('\n'), ...graph.groups.map((group) => panel(group, width, { page, strokes }))].join(
    '\n\n',
  )
  return strokes === ascii ? plainASCII(text) : text
}

/** What the locale cannot show. Sequences of colours are ASCII. */
function plainASCII(text: string): string {
  return text.replaceAll('…', '~').replace(/[^\p{ASCII}]/gu, '?')
}

/** A network: its title is in the upper line of its box. */
function panel(group: Group, width: number, { page, strokes }: Paper): string {
  const { line, side, corners } = strokes
  const inner = width - 4
  const uplinks = group.uplinks.map((link) => `uplink ${linkWords(link)}`)
  const [type, place] = [typeOf(group), placeOf(group)]
  const words = [...(type === '' || place.startsWith(type) ? [] : [type]), place, ...uplinks]
  const name = fit(nameOf(group), inner - 2)
  const rest = fit(
    words.map((word) => ` ${line.repeat(2)} ${word}`).join(''),
    Math.max(0, inner - 2 - lengthOf(name)),
  )
  const used = lengthOf(name) + lengthOf(rest) + 4
  const title = `${corners[0]}${line} ${page.paint('bold', name)}${rest} ${line.repeat(Math.max(0, width - used - 1))}${corners[1]}`
  const cards = group.attachments.map(cardOf).map((card) => ({
    ...card,
    ports: card.ports.map((port) => port.replace(' → ', ` ${strokes.arrow} `)),
  }))
  const rows = boxRows(cards, inner, { page, strokes })
  const lines = rows.map((row) => `${side} ${padded(row, inner)} ${side}`)
  return [title, ...lines, `${corners[2]}${line.repeat(width - 2)}${corners[3]}`].join('\n')
}

function padded({ text, length }: Row, width: number): string {
  return text + ' '.repeat(Math.max(0, width - length))
}

const lengthOf = (text: string) => [...text].length
const fit = (text: string, width: number) => cut(text, Math.max(1, width))
