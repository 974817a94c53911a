/** Parses regular expressions as Go's package regexp reads them (RE2's syntax): what Go refuses is refused, in the same words. */

import { brackets, character, escaped, literal } from './escape.ts'
import { type Expression, faulty, type Reader, take, takeCharacter, takeMatch } from './syntax.ts'

/** Go's limits: nested groups, and repetitions, multiplied where they are nested. */
const [deepest, mostRepeats] = [1000, 1000]

/** @throws CniError in the words of Go's regexp.Compile */
export function parse(text: string): Expression {
  const reader = { text, at: 0, flags: { i: false, m: false, s: false }, depth: 0 }
  const whole = choice(reader)
  if (reader.at < text.length) throw faulty('unexpected )', text)
  return whole
}

function choice(reader: Reader): Expression {
  const of = [sequence(reader)]
  while (take(reader, '|')) of.push(sequence(reader))
  return { is: 'choice', of }
}

function sequence(reader: Reader): Expression {
  const of: Expression[] = []
  // Where the last repetition operator begins and ends.
  let [from, to] = [-1, -1]
  while (reader.at < reader.text.length && !/[|)]/.test(reader.text[reader.at] ?? '')) {
    const start = reader.at
    const times = repetition(reader)
    if (!times) {
      of.push(...item(reader))
      continue
    }
    const words = reader.text.slice(start, reader.at)
    if (start === to) throw faulty('invalid nested repetition operator', reader.text.slice(from, reader.at))
    const last = of.pop()
    if (!last) throw faulty('missing argument to repetition operator', words)
    const repeat: Expression = { is: 'repeat', of: last, ...times }
    if (times.isCounted && !isWithin(repeat, mostRepeats)) throw faulty('invalid repeat count', words)
    of.push(repeat)
    ;[from, to] = [start, reader.at]
  }
  return { is: 'sequence', of }
}

/** `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`, each with a `?` that changes nothing of whether a text matches. */
function repetition(reader: Reader) {
  const match = takeMatch(reader, /([*+?]|\{(0|[1-9]\d*)(,(0|[1-9]\d*)?)?\})\??/y)
  if (!match) return undefined
  const [words, sign = '', least, comma, most] = match
  if (least === undefined)
    return { min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Number.POSITIVE_INFINITY, isCounted: false }
  const min = Number(least)
  const max = most === undefined ? (comma ? Number.POSITIVE_INFINITY : min) : Number(most)
  if (min > mostRepeats || (max !== Number.POSITIVE_INFINITY && max > mostRepeats) || max < min)
    throw faulty('invalid repeat count', words)
  return { min, max, isCounted: true }
}

/** Whether counted repetitions within each other are no more than so many. */
function isWithin(expression: Expression, most: number): boolean {
  if (expression.is === 'sequence' || expression.is === 'choice')
    return expression.of.every((part) => isWithin(part, most))
  if (expression.is !== 'repeat') return true
  const { min, max, of, isCounted } = expression
  const times = max === Number.POSITIVE_INFINITY ? min : max
  if (!isCounted || times === 0) return isWithin(of, most)
  return times <= most && isWithin(of, Math.floor(most / times))
}

function item(reader: Reader): Expression[] {
  const { m, s } = reader.flags
  switch (reader.text[reader.at]) {
    case '(':
      return group(reader)
    case '[':
      return [brackets(reader)]
    case '\\':
      return escaped(reader)
    case '.':
      reader.at++
      return [character(reader, (point) => s || point !== 0xa)]
    case '^':
      reader.at++
      return [{ is: 'place', place: m ? 'line begins' : 'text begins' }]
    case '$':
      reader.at++
      return [{ is: 'place', place: m ? 'line ends' : 'text ends' }]
    default:
      return [literal(reader, takeCharacter(reader).codePointAt(0) ?? 0)]
  }
}

/** `(…)`, `(?:…)`, `(?P<name>…)`, `(?<name>…)`, `(?i:…)`; `(?i)` sets flags to the end of the group around. */
function group(reader: Reader): Expression[] {
  const outer = reader.flags
  const start = reader.at
  if (take(reader, '(?') && !takeName(reader, start)) {
    const flags = takeMatch(reader, /([imsU]*)(?:-([imsU]+))?([:)])/y)
    if (!flags) throw faulty('invalid or unsupported Perl syntax', unsupported(reader, start))
    reader.flags = { ...outer, ...flagsOf(flags[1], true), ...flagsOf(flags[2], false) }
    if (flags[3] === ')') return []
  } else take(reader, '(')
  if (++reader.depth > deepest) throw faulty('expression nests too deeply', reader.text)
  const inner = choice(reader)
  reader.depth--
  if (!take(reader, ')')) throw faulty('missing closing )', reader.text)
  reader.flags = outer
  return [inner]
}

/** To the first character that is no flag. */
function unsupported({ text }: Reader, start: number): string {
  return /^\(\?[imsU]*-?[imsU]*.?/s.exec(text.slice(start))?.[0] ?? text
}

function flagsOf(letters = '', value: boolean): Record<string, boolean> {
  return Object.fromEntries(Array.from(letters, (letter) => [letter, value]))
}

/** The name of a group, which nothing here uses: `P<name>`, `<name>`. */
function takeName(reader: Reader, start: number): boolean {
  if (!/^P?</.test(reader.text.slice(reader.at, reader.at + 2))) return false
  if (takeMatch(reader, /P?<\w+>/y)) return true
  const end = reader.text.indexOf('>', start)
  throw faulty('invalid named capture', reader.text.slice(start, end < 0 ? undefined : end + 1))
}
