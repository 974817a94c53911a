/** What a text is written on: a terminal with a width and colours, or a file with neither. */

import { environment } from '#engine'
import { columnsOf } from '../../shared/kernel/terminal.ts'

/** SGR parameters, ECMA-48 section 8.3.117. */
const colours = { red: 31, green: 32, yellow: 33, blue: 34, cyan: 36, bold: 1, dim: 2 } as const

export type Colour = keyof typeof colours

export interface Page {
  /** In columns; undefined: as wide as the text. */
  width: number | undefined
  /** The text in a colour, where the page has colours. */
  paint(colour: Colour, text: string): string
}

/** A page without width and colours. */
export const file: Page = { width: undefined, paint: (_, text) => text }

/** The page of a descriptor. `NO_COLOR` (no-color.org) and `TERM=dumb` take the colours away. */
export function pageOf(fd: number): Page {
  const width = columnsOf(fd)
  if (width === undefined) return file
  const { NO_COLOR, TERM } = environment()
  return NO_COLOR || TERM === 'dumb' ? { ...file, width } : { width, paint }
}

function paint(colour: Colour, text: string): string {
  return `\u001b[${colours[colour]}m${text}\u001b[0m`
}
