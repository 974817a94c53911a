/** JSON from outside: what cannot be read is refused with line, column and the line itself, the same in every engine. */

import { CniError, Code } from './error.ts'

/** No honest configuration comes near these; hostile ones are stopped before they exhaust memory or stack. */
const maximumLength = 16 * 1024 * 1024
const maximumDepth = 200

/**
 * Reads a JSON object.
 * @param what what is being read, for the message: `network config`
 * @throws CniError of code 6
 */
export function parseObject(text: string, what: string): Record<string, unknown> {
  const value = parseJson(text, what)
  if (isObject(value)) return value
  const found = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
  throw undecodable(what, `it must be a JSON object, found ${found}`)
}

/** Reads any JSON value. @throws CniError of code 6 */
export function parseJson(text: string, what: string): unknown {
  if (text.length > maximumLength) throw undecodable(what, 'it is larger than 16 MiB')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw broken(text, what, cause)
  }
  if (isTooDeep(value)) throw undecodable(what, `it is nested deeper than ${maximumDepth} levels`)
  return value
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function undecodable(what: string, why: string, more: { details?: string; cause?: unknown } = {}): CniError {
  return new CniError(Code.DecodingFailure, { msg: `error unmarshall ${what}: ${why}`, ...more })
}

/** Says where a text stops being JSON. Syntax is found first: engines give up on deep nesting as if it were bad. */
function broken(text: string, what: string, cause: unknown): CniError {
  const fault = locate(text)
  if (!fault) return undecodable(what, 'it is nested too deeply', { cause })
  const { line, column, excerpt } = place(text, fault.offset)
  return undecodable(what, `line ${line}, column ${column}: ${fault.reason}`, { details: excerpt, cause })
}

/** Level by level, without recursion. */
function isTooDeep(value: unknown): boolean {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maximumDepth) return true
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []))
  }
  return false
}

/** The line that holds an offset, shortened around it, with a caret below; secrets in it are blotted out. */
function place(text: string, offset: number): { line: number; column: number; excerpt: string } {
  const before = text.slice(0, offset)
  const start = before.lastIndexOf('\n') + 1
  const end = text.indexOf('\n', offset)
  const whole = withoutSecrets(text.slice(start, end < 0 ? text.length : end)).replace(/[\r\t]/g, ' ')
  const column = offset - start
  const from = Math.max(0, column - 60)
  const excerpt = `${whole.slice(from, column + 40)}\n${' '.repeat(column - from)}^`
  return { line: before.split('\n').length, column: column + 1, excerpt }
}

function withoutSecrets(line: string): string {
  const secret = /("[^"]*(?:secret|password|private|psk|token)[^"]*"\s*:\s*")([^"]*)/gi
  return line.replace(secret, (_, key: string, value: string) => key + '*'.repeat(value.length))
}

export interface Fault {
  /** Where the text stops being JSON, in UTF-16 units from its beginning. */
  offset: number
  /** What was expected and what was found. */
  reason: string
}

/** What a token may be followed by is all the state there is: containers wait on a stack, so depth costs no recursion. */
type Expectation = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma' | 'end'

const wanted: Record<Expectation, string> = {
  value: 'a value',
  'value or ]': 'a value or ]',
  key: 'a key in double quotes',
  'key or }': 'a key in double quotes or }',
  colon: 'a colon',
  comma: 'a comma or the closing bracket',
  end: 'nothing more',
}

const blank = /[ \t\n\r]*/y
const literal = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/** Where a text stops being JSON (RFC 8259), or undefined when it is JSON. Works for any depth. */
export function locate(text: string): Fault | undefined {
  const open: ('{' | '[')[] = []
  let expected: Expectation = 'value'
  let at = 0
  for (;;) {
    at = skip(blank, text, at) ?? at
    const char = text[at]
    if (char === undefined && expected === 'end') return undefined
    const next = step(text, at, expected, open)
    if (next === undefined) return { offset: at, reason: reason(text, at, expected) }
    if (typeof next === 'object') return next
    at = next
    expected = follow(char as string, expected, open)
  }
}

/** Reads one token; gives where it ends, a fault inside it, or undefined when it does not belong here. */
function step(
  text: string,
  at: number,
  expected: Expectation,
  open: ('{' | '[')[],
): number | Fault | undefined {
  const char = text[at] ?? ''
  const inner = open[open.length - 1]
  if (expected === 'colon') return char === ':' ? at + 1 : undefined
  if (expected === 'end') return undefined
  if (char === '}' && inner === '{' && (expected === 'key or }' || expected === 'comma')) return at + 1
  if (char === ']' && inner === '[' && (expected === 'value or ]' || expected === 'comma')) return at + 1
  if (expected === 'comma') return char === ',' ? at + 1 : undefined
  if (char === '"') return endOfString(text, at)
  if (expected === 'key' || expected === 'key or }') return undefined
  if (char === '{' || char === '[') return at + 1
  return skip(literal, text, at)
}

/** What may come after the token that began with `char`; opens and closes containers on the way. */
function follow(char: string, was: Expectation, open: ('{' | '[')[]): Expectation {
  if (was === 'colon') return 'value'
  if (was === 'comma' && char === ',') return open[open.length - 1] === '{' ? 'key' : 'value'
  if (char === '{' || char === '[') {
    open.push(char)
    return char === '{' ? 'key or }' : 'value or ]'
  }
  if (char === '}' || char === ']') open.pop()
  else if (was === 'key' || was === 'key or }') return 'colon'
  return open.length === 0 ? 'end' : 'comma'
}

function skip(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}

/** Where a string that opens at `start` ends, or what spoils it. */
function endOfString(text: string, start: number): number | Fault {
  for (let at = start + 1; at < text.length; ) {
    const char = text[at] as string
    if (char === '"') return at + 1
    if (char < ' ') return { offset: at, reason: `a string holds ${name(char)}; write it as an escape` }
    const next = char === '\\' ? skip(escaped, text, at) : at + 1
    if (next === undefined) return { offset: at, reason: 'a string holds an escape that JSON does not know' }
    at = next
  }
  return { offset: start, reason: 'this string is never closed' }
}

function reason(text: string, at: number, expected: Expectation): string {
  const char = text[at]
  if (char === undefined) return `unexpected end of JSON input, expected ${wanted[expected]}`
  if (char === '\ufeff') return 'a byte order mark stands here; save the file without one'
  const word = /^[\w.+-]{2,20}/.exec(text.slice(at, at + 20))?.[0]
  const hint = (char === '}' || char === ']') && expected !== 'end' ? afterComma(text, at) : ''
  return `expected ${wanted[expected]}, found ${word ?? name(char)}${hint}`
}

/** The most common slip of all. */
function afterComma(text: string, at: number): string {
  return /,\s*$/.test(text.slice(Math.max(0, at - 100), at)) ? ' (the comma before it is one too many)' : ''
}

function name(char: string): string {
  return JSON.stringify(char)
}
