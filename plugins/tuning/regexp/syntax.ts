/** What a parsed regular expression is made of, the text that is being parsed, and the errors in Go's words. */

import { CniError, Code } from '../../../shared/error/error.ts'
import type { Has } from './class.ts'

/** A place between two characters. */
export type Place = 'text begins' | 'text ends' | 'line begins' | 'line ends' | 'word edge' | 'no word edge'

export type Expression =
  | { is: 'character'; has: Has }
  | { is: 'place'; place: Place }
  | { is: 'sequence'; of: Expression[] }
  | { is: 'choice'; of: Expression[] }
  | { is: 'repeat'; of: Expression; min: number; max: number; isCounted: boolean }

/** Flags that are on: case-insensitive, multi-line, `.` is any character. */
export interface Flags {
  i: boolean
  m: boolean
  s: boolean
}

/** A text, and how far it is parsed. */
export interface Reader {
  text: string
  at: number
  flags: Flags
  /** The number of groups around. */
  depth: number
}

/** Whether a text comes next; it is taken then. */
export function take(reader: Reader, text: string): boolean {
  const isNext = reader.text.startsWith(text, reader.at)
  if (isNext) reader.at += text.length
  return isNext
}

/** Takes what a pattern matches here. @param pattern with the flag `y` */
export function takeMatch(reader: Reader, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = reader.at
  const match = pattern.exec(reader.text)
  if (match) reader.at += match[0].length
  return match ?? undefined
}

/** Takes one character. */
export function takeCharacter(reader: Reader): string {
  const character = String.fromCodePoint(reader.text.codePointAt(reader.at) ?? 0)
  reader.at += character.length
  return character
}

/** The error of Go's regexp.Compile. @param part of the expression that is at fault */
export function faulty(what: string, part: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `error parsing regexp: ${what}: \`${part}\``,
    hint: 'each line of the allow list is a regular expression of Go (https://pkg.go.dev/regexp/syntax)',
  })
}
