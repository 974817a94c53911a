/** Tables and facts for people. A text of other programs cannot change what the terminal shows, and no line is wider than the page. */

import { plain } from '../../shared/error/log.ts'
import type { Colour, Page } from './page.ts'

/** A cell: its text, or several lines of it, and a colour. */
export type Cell = string | number | undefined | { text: string; colour: Colour }

export interface Column<T> {
  title: string
  cell(row: T): Cell
  /** Whether numbers stand below each other. */
  right?: boolean
}

/** Between two columns. */
const gap = '  '

/** No column becomes narrower than this many characters when the page is narrow. */
const narrowest = 8

/** No cell is longer, whatever the page: a name may have a megabyte. */
const longest = 200

/** The rows below the titles; columns that are empty in each row are left out. */
export function table<T>(page: Page, columns: readonly Column<T>[], rows: readonly T[]): string {
  const all = columns.map((column) => ({ ...column, cells: rows.map((row) => cellOf(column.cell(row))) }))
  const used = all.filter(({ cells }) => cells.some(({ text }) => text !== ''))
  const natural = used.map(({ title, cells }) =>
    Math.max(...[title, ...cells.map(({ text }) => text)].map(widthOf)),
  )
  const widths = fitted(natural, page.width)
  const line = (cells: readonly Shown[]) =>
    cells
      .map((cell, at) =>
        padded(page, cell, widths[at] ?? 0, used[at]?.right ?? false, at === cells.length - 1),
      )
      .join(gap)
      .trimEnd()
  const titles = used.map(({ title }) => ({ text: title, colour: 'bold' as const }))
  return [line(titles), ...rows.map((_, row) => line(used.map(({ cells }) => cells[row] as Shown)))].join(
    '\n',
  )
}

interface Shown {
  text: string
  colour?: Colour
}

function cellOf(cell: Cell): Shown {
  const { text, colour } = typeof cell === 'object' ? cell : { text: String(cell ?? ''), colour: undefined }
  if (isShortASCII(text)) return { text, colour }
  return { text: cut(plain(text.slice(0, longest * 4)), longest), colour }
}

/** Nearly every cell: a table of a thousand rows is made in half the time. */
const isShortASCII = (text: string) => text.length <= longest && /^[ -~]*$/.test(text)

/** The widest columns give way until all fit. */
function fitted(natural: readonly number[], width = Number.POSITIVE_INFINITY): number[] {
  const widths = [...natural]
  const total = () => widths.reduce((sum, one) => sum + one, gap.length * (widths.length - 1))
  while (total() > width && Math.max(...widths) > narrowest) {
    const widest = widths.indexOf(Math.max(...widths))
    widths[widest] = (widths[widest] as number) - 1
  }
  return widths
}

function padded(page: Page, { text, colour }: Shown, width: number, right: boolean, isLast: boolean): string {
  const shown = cut(text, width)
  const space = ' '.repeat(Math.max(0, width - widthOf(shown)))
  const painted = colour ? page.paint(colour, shown) : shown
  if (right) return space + painted
  return isLast ? painted : painted + space
}

/** The first characters of a text, with `…` for what is missing. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text
  const characters = [...text]
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

/** In characters: a surrogate pair is one. */
const widthOf = (text: string) => (/[\ud800-\udfff]/.test(text) ? [...text].length : text.length)

/** A paragraph in lines that the page has room for. @param indent before each line */
export function wrapped(text: string, width = 100, indent = ''): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && indent.length + last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.map((line) => indent + line).join('\n')
}
