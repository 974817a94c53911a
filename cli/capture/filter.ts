/** The words of a filter: `tcp and (port 80 or port 443) and not src net 10.0.0.0/8`. */

import { parseAddress } from '../../shared/ip/address.ts'
import { type Cidr, parseCidr } from '../../shared/ip/subnet.ts'
import { misuse } from '../form/arguments.ts'
import { quoted } from '../form/slip.ts'
import { all, any, type Condition, none } from './condition.ts'
import { type Direction, fromHosts, isProtocol, ofPort, ofProtocol, protocolNames } from './primitives.ts'

const allowed = `a filter has ${protocolNames.join(', ')}, [src|dst] host ADDRESS, [src|dst] net CIDR, [src|dst] port N, and, or, not, parentheses`

type Tokens = string[]

/** @param words as they are on the command line; quotes around several are no matter @throws CniError for a slip */
export function parseFilter(words: readonly string[]): Condition | undefined {
  const tokens: Tokens = words.join(' ').match(/[()!]|&&|\|\||[^\s()!]+/g) ?? []
  if (tokens.length === 0) return undefined
  const condition = parseOr(tokens)
  const [rest] = tokens
  if (rest !== undefined) throw slip(`${quoted(rest)} is not expected`)
  return condition
}

function parseOr(tokens: Tokens): Condition {
  const terms = [parseAnd(tokens)]
  while (takes(tokens, 'or', '||')) terms.push(parseAnd(tokens))
  return any(...terms)
}

/** Words that follow each other without `and` are joined by it: `tcp port 80`. */
function parseAnd(tokens: Tokens): Condition {
  const factors = [parseNot(tokens)]
  while (takes(tokens, 'and', '&&') || isFactor(tokens[0])) factors.push(parseNot(tokens))
  return all(...factors)
}

function isFactor(token: string | undefined): boolean {
  return token !== undefined && ![')', 'or', '||'].includes(token.toLowerCase())
}

function parseNot(tokens: Tokens): Condition {
  if (takes(tokens, 'not', '!')) return none(parseNot(tokens))
  if (!takes(tokens, '(')) return parsePrimitive(tokens)
  const inner = parseOr(tokens)
  if (!takes(tokens, ')')) throw slip('a ")" is missing')
  return inner
}

function parsePrimitive(tokens: Tokens): Condition {
  const word = tokens.shift()?.toLowerCase()
  if (word === undefined) throw slip('a condition is missing at the end')
  if (isProtocol(word)) return ofProtocol(word)
  const direction = word === 'src' || word === 'dst' ? word : undefined
  const what = direction ? tokens.shift()?.toLowerCase() : word
  const value = tokens.shift()
  const parse = Object.hasOwn(valued, what ?? '') ? valued[what ?? ''] : undefined
  if (!parse) throw slip(`${quoted(what ?? word)} is no condition`)
  if (value === undefined) throw slip(`${what} needs a value`)
  return parse(value, direction)
}

const valued: Readonly<Record<string, (value: string, direction: Direction | undefined) => Condition>> = {
  host: (value, direction) => fromHosts(hostOf(value), direction),
  net: (value, direction) => fromHosts(netOf(value), direction),
  port: (value, direction) => ofPort(portOf(value), direction),
}

function hostOf(value: string): Cidr {
  const address = parseAddress(value)
  if (!address) throw slip(`host ${quoted(value)} is no IP address`)
  return { address, prefix: address.family === 4 ? 32 : 128 }
}

function netOf(value: string): Cidr {
  const cidr = parseCidr(value)
  if (!cidr) throw slip(`net ${quoted(value)} is no subnet, as 10.1.0.0/16`)
  return cidr
}

function portOf(value: string): number {
  if (/^\d{1,5}$/.test(value) && Number(value) <= 0xffff) return Number(value)
  throw slip(`port ${quoted(value)} is no number from 0 to 65535`)
}

function takes(tokens: Tokens, ...words: string[]): boolean {
  const isThere = words.includes(tokens[0]?.toLowerCase() ?? '')
  if (isThere) tokens.shift()
  return isThere
}

const slip = (msg: string) => misuse(msg, allowed)
