/** Finds where and why a text is not JSON. Loaded only after the engine's parser failed; engines differ in their messages. */

export interface Fault {
  /** Where the text stops being JSON, in UTF-16 units from its beginning. */
  offset: number
  /** What was expected and what was found. */
  reason: string
}

/** The next token that is allowed. Open containers are on a stack, so depth needs no recursion. */
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

/** Reads one token; returns its end, a fault inside it, or undefined when it is not allowed here. */
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

/** The next token that is allowed after the token that began with `char`. Opens and closes containers. */
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

/** The end of the string that begins at `start`, or the fault inside it. */
function endOfString(text: string, start: number): number | Fault {
  for (let at = start + 1; at < text.length; ) {
    const char = text[at] as string
    if (char === '"') return at + 1
    if (char < ' ') return { offset: at, reason: `a string contains ${name(char)}; write it as an escape` }
    const next = char === '\\' ? skip(escaped, text, at) : at + 1
    if (next === undefined)
      return { offset: at, reason: 'a string contains an escape that JSON does not have' }
    at = next
  }
  return { offset: start, reason: 'this string has no closing quote' }
}

function reason(text: string, at: number, expected: Expectation): string {
  const char = text[at]
  if (char === undefined) return `unexpected end of JSON input, expected ${wanted[expected]}`
  if (char === '\ufeff') return 'found a byte order mark; save the file without it'
  const word = /^[\w.+-]{2,20}/.exec(text.slice(at, at + 20))?.[0]
  const hint = (char === '}' || char === ']') && expected !== 'end' ? afterComma(text, at) : ''
  return `expected ${wanted[expected]}, found ${word ?? name(char)}${hint}`
}

/** A hint for the most common mistake: a comma before a closing bracket. */
function afterComma(text: string, at: number): string {
  return /,\s*$/.test(text.slice(Math.max(0, at - 100), at)) ? ' (remove the comma before it)' : ''
}

function name(char: string): string {
  return JSON.stringify(char)
}
