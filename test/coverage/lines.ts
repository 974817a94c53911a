/** The lines of a file: which are code, and which of them were executed. */

import { codeOfLines } from './code.ts'

/** Numbers of lines, from 1. */
export interface Lines {
  /** All lines of code. */
  code: number[]
  /** Lines that were not executed. */
  missed: number[]
  /** Lines of which only a part was executed, such as `if (…) throw …`. */
  partly: number[]
}

/** @param executed 1 for each character that was executed */
export function linesOf(source: string, executed: Uint8Array): Lines {
  const lines: Lines = { code: [], missed: [], partly: [] }
  for (const [index, positions] of codeOfLines(source).entries()) {
    if (positions.length === 0) continue
    lines.code.push(index + 1)
    if (!positions.some((at) => executed[at])) lines.missed.push(index + 1)
    else if (!positions.every((at) => executed[at])) lines.partly.push(index + 1)
  }
  return lines
}

/** The characters that were executed here or there. */
export function either(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((value, at) => value | (other[at] ?? 0))
}

/** `3, 5-7` for the lines 3, 5, 6 and 7; lines without code between two of them do not divide a range. */
export function ranges(numbers: readonly number[], code: readonly number[]): string {
  const ranges: { first: number; last: number; next: number | undefined }[] = []
  for (const number of numbers) {
    const next = code[code.indexOf(number) + 1]
    const range = ranges.at(-1)
    if (range?.next === number) Object.assign(range, { last: number, next })
    else ranges.push({ first: number, last: number, next })
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(', ')
}
