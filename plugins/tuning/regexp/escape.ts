/** Escapes and bracket expressions of Go's regular expressions. */

import { between, folded, type Has, lowerOf, not, perl, posix, unicode, union } from './class.ts'
import { type Expression, faulty, type Place, type Reader, take, takeCharacter, takeMatch } from './syntax.ts'

/** What each character stands for after a backslash. */
const controls: Readonly<Record<string, number>> = { a: 7, f: 0xc, n: 0xa, r: 0xd, t: 9, v: 0xb }
const places: Readonly<Record<string, Place>> = {
  A: 'text begins',
  z: 'text ends',
  b: 'word edge',
  B: 'no word edge',
}

/** A set, in either case where the flag says so. */
export function character(reader: Reader, has: Has): Expression {
  return { is: 'character', has: reader.flags.i ? folded(has) : has }
}

/** One given character. */
export function literal(reader: Reader, point: number): Expression {
  if (!reader.flags.i) return { is: 'character', has: between(point, point) }
  const lower = lowerOf(point)
  return { is: 'character', has: (other) => lowerOf(other) === lower }
}

/** What begins with a backslash, outside of brackets. */
export function escaped(reader: Reader): Expression[] {
  const place = places[reader.text[reader.at + 1] ?? '']
  if (place) {
    reader.at += 2
    return [{ is: 'place', place }]
  }
  const quoted = takeMatch(reader, /\\Q(.*?)(\\E|$)/sy)
  if (quoted) return Array.from(quoted[1] ?? '', (text) => literal(reader, text.codePointAt(0) ?? 0))
  const named = namedSet(reader)
  return [named ? character(reader, named) : literal(reader, escapedPoint(reader))]
}

/** `\d`, `\pL`, `\p{Greek}`, `\P{^Greek}`; undefined when what comes next is none of these. */
function namedSet(reader: Reader): Has | undefined {
  const simple = takeMatch(reader, /\\([dDsSwW])/y)
  if (simple) return perl.get(simple[1] ?? '')
  const property = takeMatch(reader, /\\([pP])(?:\{(\^?)([^}]*)\}|([^{]|$|\{.*))/sy)
  if (!property) return undefined
  const [whole, letter, caret, long, short] = property
  const has = unicode(long ?? short ?? '')
  if (!has) throw faulty('invalid character class range', whole)
  return (letter === 'P') !== (caret === '^') ? not(has) : has
}

/** One character after a backslash, in brackets or outside. */
function escapedPoint(reader: Reader): number {
  const start = reader.at
  take(reader, '\\')
  if (reader.at >= reader.text.length) throw faulty('trailing backslash at end of expression', '')
  const octal = takeMatch(reader, /0[0-7]{0,2}|[1-7][0-7]{1,2}/y)
  if (octal) return Number.parseInt(octal[0], 8)
  if (reader.text[reader.at] === 'x') return hexadecimal(reader)
  const text = takeCharacter(reader)
  const control = controls[text]
  if (control !== undefined) return control
  // Punctuation stands for itself.
  if (/^[\0-\x7f]$/.test(text) && !/\w/.test(text.replace('_', '-'))) return text.codePointAt(0) ?? 0
  throw faulty('invalid escape sequence', reader.text.slice(start, reader.at))
}

/** `x41`, `x{1F600}` */
function hexadecimal(reader: Reader): number {
  const match = takeMatch(reader, /x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2}))/y)
  const point = Number.parseInt(match?.[1] ?? match?.[2] ?? '', 16)
  if (point <= 0x10ffff) return point
  const part = match?.[0].slice(0, -1) ?? takeMatch(reader, /x(?:\{[0-9a-fA-F]*|[0-9a-fA-F]?.?)/y)?.[0]
  throw faulty('invalid escape sequence', `\\${part}`)
}

/** `[…]`: the opening bracket comes next. */
export function brackets(reader: Reader): Expression {
  const start = reader.at
  take(reader, '[')
  const isNegated = take(reader, '^')
  const sets: Has[] = []
  for (let first = true; first || !take(reader, ']'); first = false) {
    if (reader.at >= reader.text.length) throw faulty('missing closing ]', reader.text.slice(start))
    sets.push(posixSet(reader) ?? namedSet(reader) ?? span(reader, start))
  }
  const has = reader.flags.i ? folded(union(sets)) : union(sets)
  return { is: 'character', has: isNegated ? not(has) : has }
}

/** `[:alpha:]`, `[:^alpha:]` */
function posixSet(reader: Reader): Has | undefined {
  const match = takeMatch(reader, /\[:(\^?)((?:(?!:\]).)*):\]/sy)
  if (!match) return undefined
  const has = posix.get(match[2] ?? '')
  if (!has) throw faulty('invalid character class range', match[0])
  return match[1] ? not(has) : has
}

/** `a` or `a-z` @param start of the bracket, for errors */
function span(reader: Reader, start: number): Has {
  const begin = reader.at
  const first = pointInBrackets(reader, start)
  if (!takeMatch(reader, /-(?!\]|$)/y)) return between(first, first)
  const last = pointInBrackets(reader, start)
  if (last < first) throw faulty('invalid character class range', reader.text.slice(begin, reader.at))
  return between(first, last)
}

function pointInBrackets(reader: Reader, start: number): number {
  if (reader.at >= reader.text.length) throw faulty('missing closing ]', reader.text.slice(start))
  return reader.text[reader.at] === '\\' ? escapedPoint(reader) : (takeCharacter(reader).codePointAt(0) ?? 0)
}
