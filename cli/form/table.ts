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
  /** Whether a text that is too wide goes on in the next line; else it is cut. */
  wraps?: boolean
  /** Whether a narrow page does without the column. */
  minor?: boolean
}

/** Between two columns. */
const gap = '  '

/** No column becomes narrower than this many characters when the page is narrow. */
const narrowest = 8

/** No cell is longer, whatever the page: a name may have a megabyte. */
const longest = 200

/** The rows below the titles; columns that are empty in each row are left out, and minor ones that the page has no room for. */
export function table<T>(page: Page, columns: readonly Column<T>[], rows: readonly T[]): string {
  const all = columns.map((column) => sized(column, rows))
  const used = withRoom(
    all.filter(({ cells }) => cells.some(({ text }) => text !== '')),
    page.width,
  )
  const widths = fitted(used, page.width)
  const lines = (cells: readonly Shown[]) => {
    const parts = cells.map((cell, at) => partsOf(cell, widths[at] ?? 0, used[at]?.wraps === true))
    const height = Math.max(...parts.map(({ length }) => length))
    return Array.from({ length: height }, (_, line) =>
      parts
        .map((part, at) =>
          padded(
            page,
            part[line] ?? { text: '' },
            widths[at] ?? 0,
            used[at]?.right ?? false,
            at === parts.length - 1,
          ),
        )
        .join(gap)
        .trimEnd(),
    )
  }
  const titles = used.map(({ title }) => ({ text: title, colour: 'bold' as const }))
  return [titles, ...rows.map((_, row) => used.map(({ cells }) => cells[row] as Shown))]
    .flatMap(lines)
    .join('\n')
}

interface Sized<T> extends Column<T> {
  cells: Shown[]
  /** Of the widest cell. */
  natural: number
}

function sized<T>(column: Column<T>, rows: readonly T[]): Sized<T> {
  const cells = rows.map((row) => cellOf(column.cell(row)))
  const natural = Math.max(...[column.title, ...cells.map(({ text }) => text)].map(widthOf))
  return { ...column, cells, natural }
}

/** Minor columns go, the last first, until the others fit. */
function withRoom<T>(columns: readonly Sized<T>[], width = Number.POSITIVE_INFINITY): Sized<T>[] {
  const left = [...columns]
  while (totalOf(left.map(({ natural }) => natural)) > width) {
    const at = left.findLastIndex(({ minor }) => minor)
    if (at === -1) break
    left.splice(at, 1)
  }
  return left
}

const totalOf = (widths: readonly number[]) =>
  widths.reduce((sum, one) => sum + one, gap.length * (widths.length - 1))

/** A cell in lines. A word that is too long is broken. */
function partsOf({ text, colour }: Shown, width: number, wraps: boolean): Shown[] {
  if (!wraps || widthOf(text) <= width) return [{ text, colour }]
  const lines = wrapped(text, width)
    .split('\n')
    .flatMap((line) => broken(line, width))
  return lines.map((line) => ({ text: line, colour }))
}

/** A path is broken behind a slash where it has one. */
function broken(line: string, width: number): string[] {
  const characters = [...line]
  if (characters.length <= width) return [line]
  const slash = characters.lastIndexOf('/', width - 1)
  const end = slash > 0 ? slash + 1 : width
  return [characters.slice(0, end).join(''), ...broken(characters.slice(end).join(''), width)]
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

/** The widest columns give way until all fit; one that wraps keeps its title whole. */
function fitted(columns: readonly Omit<Sized<never>, 'cell'>[], width = Number.POSITIVE_INFINITY): number[] {
  const widths = columns.map(({ natural }) => natural)
  const least = columns.map(({ title, wraps }) => Math.max(narrowest, wraps ? title.length : 0))
  while (totalOf(widths) > width) {
    const room = widths.map((one, at) => (one > (least[at] ?? 0) ? one : 0))
    const widest = room.indexOf(Math.max(...room))
    if (room[widest] === 0) break
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
