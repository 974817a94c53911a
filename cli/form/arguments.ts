/** Reads a verb's command line by its declaration. A slip is refused with the flag that is meant. */

import { CniError, Code } from '../../shared/error/error.ts'
import { didYouMean, quoted } from './slip.ts'
import type { Flag, Given, Verb, Word } from './verb.ts'

/** A command line that is wrong; the exit status is 2. Without a hint the verb's help is named. */
export function misuse(msg: string, hint?: string): CniError {
  return new CniError(Code.InvalidEnvironment, { msg, hint })
}

/** What a verb takes. */
type Taken = Pick<Verb, 'words' | 'flags'>

/** The words, and the flags with their values. */
export interface Arguments {
  words: string[]
  flags: Given
}

/** Reads a command line; after `--` all are words. @throws CniError for an unknown flag, a missing value, a word too many or too few */
export function parse(line: readonly string[], { words: declared = [], flags = {} }: Taken): Arguments {
  const given = new Map<string, string[]>()
  const words: string[] = []
  const rest = [...line]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') words.push(...rest.splice(0))
    else if (!isFlag(word)) words.push(word)
    else {
      const [name, values] = readFlag(word, rest, flags)
      given.set(name, [...(given.get(name) ?? []), ...values])
    }
  }
  if (!declared.some(({ raw }) => raw)) for (const word of words) requirePrintable('a word', word)
  requireCount(words, declared)
  declared.forEach((one, at) => {
    const word = words[at]
    if (word !== undefined) requireOneOf(one.name, word, one)
  })
  return { words, flags: given }
}

const isFlag = (word: string) => word.startsWith('-') && word !== '-'

/** @param rest what follows; the values are taken from it */
function readFlag(word: string, rest: string[], flags: Readonly<Record<string, Flag>>): [string, string[]] {
  const [written, attached] = split(word)
  const [name, flag] = find(written, flags)
  if (flag.takes === 'none' && attached !== undefined) throw misuse(`${written} takes no value`)
  const values = attached === undefined ? [] : [attached]
  const most = attached !== undefined ? 0 : { none: 0, optional: 0, one: 1, many: rest.length }[flag.takes]
  while (values.length < most && rest[0] !== undefined && !isFlag(rest[0]))
    values.push(rest.shift() as string)
  if ((flag.takes === 'one' || flag.takes === 'many') && values.length === 0)
    throw misuse(`${written} needs a value`)
  for (const value of values) requireValue(written, value, flag)
  return [name, values]
}

function split(word: string): [flag: string, value?: string] {
  const at = word.indexOf('=')
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)]
}

function find(written: string, flags: Readonly<Record<string, Flag>>): [name: string, flag: Flag] {
  const entries = Object.entries(flags)
  const found = entries.find(([name, { short }]) => name === written || (short && `-${short}` === written))
  if (found) return found
  const names = entries.map(([name]) => name)
  throw misuse(`unknown flag ${quoted(written)}${didYouMean(written, names)}`)
}

function requireValue(written: string, value: string, flag: Flag): void {
  requirePrintable(written, value)
  requireOneOf(written, value, flag)
}

/** A value that is none of those that there are. */
function requireOneOf(written: string, value: string, { names }: Pick<Flag, 'names'>): void {
  if (typeof names !== 'object' || names.includes(value)) return
  throw misuse(`${written} ${quoted(value)}: there are ${names.join(', ')}${didYouMean(value, names)}`)
}

function requirePrintable(what: string, value: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  if (value === '' || /[\u0000-\u001f\u007f]/.test(value))
    throw misuse(`${what}: ${quoted(value)} is empty or has control characters`)
}

function requireCount(words: readonly string[], declared: readonly Word[]): void {
  const least = declared.filter(({ count }) => count === 'one' || count === 'many')
  const most = declared.some(({ count }) => count === 'many' || count === 'any')
    ? Number.POSITIVE_INFINITY
    : declared.length
  const missing = least[words.length]
  if (missing) throw misuse(`${missing.name} is missing: ${missing.means}`)
  if (words.length > most) throw misuse(`unexpected word ${quoted(words[most] as string)}`)
}
