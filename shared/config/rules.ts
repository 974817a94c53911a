/** Rules across keys, which a shape cannot express. Each returns a complaint, or undefined when the rule is met. */

import type { Complaint } from '../error/error.ts'
import { show } from './issues.ts'

export type Rule<Config = Record<string, unknown>> = (config: Config) => Complaint | undefined

type Keys = Record<string, unknown>

/** `false` counts as not set. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== false
}

/** The first text that is twice among others. */
export function repeated(texts: readonly string[]): string | undefined {
  const seen = new Set<string>()
  for (const text of texts) {
    if (seen.has(text)) return text
    seen.add(text)
  }
  return undefined
}

/** `key` is allowed only when another key has a certain value: `onlyIn('sourceMacs', { mode: 'source' })`. */
export function onlyIn(key: string, where: Keys): Rule<Keys> {
  return (config) => {
    const other = Object.keys(where).find((name) => config[name] !== where[name])
    if (!isSet(config[key]) || other === undefined) return undefined
    const needed = `${other} ${show(where[other])}`
    const found = config[other] === undefined ? 'is not set' : `is ${show(config[other])}`
    return {
      msg: `${key} is set but ${other} ${found}: it has an effect only with ${needed}`,
      hint: `set ${needed}, or remove ${key}`,
    }
  }
}

/** Two keys that contradict each other. */
export function notTogether(one: string, other: string, why?: string): Rule<Keys> {
  return (config) => {
    if (!isSet(config[one]) || !isSet(config[other])) return undefined
    const reason = why ? `: ${why}` : ''
    return { msg: `${one} and ${other} cannot be set together${reason}`, hint: 'remove one of them' }
  }
}

/** `key` needs another key. */
export function needs(key: string, other: string): Rule<Keys> {
  return (config) => {
    if (!isSet(config[key]) || isSet(config[other])) return undefined
    return { msg: `${key} is set but ${other} is not`, hint: `set ${other} too, or remove ${key}` }
  }
}
