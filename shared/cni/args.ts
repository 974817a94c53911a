/** CNI_ARGS: `KEY=VALUE` pairs from the runtime, read by the rules of the reference's types.LoadArgs. */

import { CniError, Code } from '../error/error.ts'

/** Every plugin accepts the keys of all: delegates inherit CNI_ARGS. */
const known = ['IgnoreUnknown', 'MAC', 'IP', 'GATEWAY', 'STICKY_KEY']

/** Splits CNI_ARGS into pairs without validating them; parts that are not a pair are left out. */
export function splitArgs(text: string): Record<string, string> {
  return Object.fromEntries(pairs(text).filter((pair) => pair.length === 2))
}

/**
 * Reads and validates CNI_ARGS for a plugin that uses them.
 * @param understood the plugin's own keys, besides those that every plugin accepts
 * @throws CniError of code 4 for parts that are not a pair, and for unknown keys unless IgnoreUnknown is set
 */
export function parseArgs(text: string, understood: readonly string[]): Record<string, string> {
  for (const pair of pairs(text)) {
    if (pair.length !== 2) throw invalid(`invalid pair "${pair.join('=')}"`, 'write KEY=VALUE;KEY2=VALUE2')
  }
  const args = splitArgs(text)
  const names = [...new Set([...known, ...understood])]
  const unknown = Object.keys(args).filter((key) => !names.includes(key))
  if (unknown.length > 0 && !isTrue(args.IgnoreUnknown)) {
    const list = unknown.map((key) => `"${key}=${args[key]}"`).join(' ')
    throw invalid(`unknown args [${list}]`, `known keys: ${names.join(', ')}; IgnoreUnknown=1 ignores others`)
  }
  return args
}

function pairs(text: string): string[][] {
  return text === '' ? [] : text.split(';').map((pair) => pair.split('='))
}

/** Go's UnmarshallableBool. */
function isTrue(value = '0'): boolean {
  if (/^(1|true)$/i.test(value)) return true
  if (/^(0|false)$/i.test(value)) return false
  throw invalid(`boolean unmarshal error: invalid input ${value}`, 'IgnoreUnknown is 1, true, 0 or false')
}

function invalid(what: string, hint: string): CniError {
  return new CniError(Code.InvalidEnvironment, { msg: `ARGS: ${what}`, hint: `CNI_ARGS: ${hint}` })
}
