/** Reads JSON. Invalid JSON is reported with line, column and the line itself, in the same words in every engine. */

import { CniError, Code, type Complaint } from '../error/error.ts'
import { isStackOverflow, outOfMemory, stackRemedy } from '../error/limits.ts'
import { locate } from './locate.ts'

/** Limits against hostile input, which could exhaust time, memory or stack. A result with 10,000 routes and addresses is within them. */
export const maximumBytes = 8 * 1024 * 1024
const maximumValues = 200_000
const maximumDepth = 200

/**
 * Reads a JSON object.
 * @param what the name of the text, for the message: `network config`
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
  if (text.length > maximumBytes) throw tooLarge(what)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw broken(text, what, cause)
  }
  requireBounds(value, what)
  return value
}

/** The value in a text, for a file that may be damaged: undefined when it is no JSON. */
export function jsonIn(text = ''): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The error for a text above `maximumBytes`. */
export function tooLarge(what: string): CniError {
  return beyond(what, `it is larger than ${maximumBytes / 1024 / 1024} MiB`)
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

type More = Pick<Complaint, 'details' | 'hint' | 'cause'>

/** `error unmarshall` are the reference's words. */
function undecodable(what: string, why: string, more: More = {}): CniError {
  const hint = `make the ${what} one JSON object (RFC 8259: no comments, no comma after the last item)`
  return new CniError(Code.DecodingFailure, { msg: `error unmarshall ${what}: ${why}`, hint, ...more })
}

function beyond(what: string, why: string): CniError {
  return undecodable(what, why, {
    hint: `make the ${what} smaller: nothing of it is read when it is so large`,
  })
}

/** An error with the place where a text stops being JSON. Without such a place, the engine's stack or memory is too small. */
function broken(text: string, what: string, cause: unknown): CniError {
  const fault = locate(text)
  if (!fault)
    return isStackOverflow(cause) ? tooDeep(what, cause) : new CniError(Code.Internal, outOfMemory(cause))
  const { line, column, excerpt } = placeIn(text, fault.offset)
  return undecodable(what, `line ${line}, column ${column}: ${fault.reason}`, { details: excerpt, cause })
}

function tooDeep(what: string, cause: Error): CniError {
  const hint = `if it has at most ${maximumDepth} levels, ${stackRemedy}`
  return undecodable(what, 'it is nested too deeply for the stack', { hint, cause })
}

/** Counts level by level, without recursion. */
function requireBounds(value: unknown, what: string): void {
  let level = [value]
  let values = 0
  for (let depth = 0; level.length > 0; depth++) {
    values += level.length
    if (depth > maximumDepth) throw beyond(what, `it is nested deeper than ${maximumDepth} levels`)
    if (values > maximumValues) throw beyond(what, `it has more than ${maximumValues} values`)
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []))
  }
}

/** A place in a text: line and column begin with 1; the line is shortened around it, with a caret below; secrets are replaced by asterisks. */
export interface PlaceInText {
  line: number
  column: number
  excerpt: string
}

/** The place of an offset, in UTF-16 units. */
export function placeIn(text: string, offset: number): PlaceInText {
  const before = text.slice(0, offset)
  const start = before.lastIndexOf('\n') + 1
  const end = text.indexOf('\n', offset)
  // More than is shown, because a secret is recognized by its key; not the whole line, which may have megabytes.
  const from = Math.max(start, offset - 4000)
  const part = text.slice(from, Math.min(end < 0 ? text.length : end, offset + 40))
  const shown = withoutSecrets(part)
    .replace(/[\r\t]/g, ' ')
    .slice(Math.max(0, offset - from - 60))
  const caret = ' '.repeat(Math.min(60, offset - from))
  return { line: linesIn(before), column: offset - start + 1, excerpt: `${shown}\n${caret}^` }
}

function linesIn(text: string): number {
  let lines = 1
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++
  return lines
}

function withoutSecrets(line: string): string {
  const secret = /("[^"]*(?:secret|password|private|psk|token)[^"]*"\s*:\s*")([^"]*)/gi
  return line.replace(secret, (_, key: string, value: string) => key + '*'.repeat(value.length))
}
