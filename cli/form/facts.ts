/** Facts about one thing, one below the other: a name, and what it is. */

import { plain } from '../../shared/error/log.ts'
import type { Page } from './page.ts'
import { cut, wrapped } from './table.ts'

/** A name and its value; without a value it is left out. */
export type Fact = readonly [name: string, value: string | number | undefined]

/** A value is cut at this many characters: a name may have a megabyte. */
const longest = 1000

/** Between a name and its value. */
const gap = 2

/** The facts below each other, values in one column; long ones go on in the next line. @param indent before each line */
export function factLines({ width, paint }: Page, facts: readonly Fact[], indent = ''): string {
  const told = facts.filter(([, value]) => value !== undefined && value !== '')
  const column = Math.max(0, ...told.map(([name]) => name.length)) + gap
  const margin = indent + ' '.repeat(column)
  const line = ([name, value]: Fact) => {
    const text = wrapped(cut(plain(String(value)), longest), width ?? longest, margin)
    return `${indent}${paint('dim', name)}${' '.repeat(column - name.length)}${text.slice(margin.length)}`
  }
  return told.map(line).join('\n')
}
