/** Where the log of calls is, and how large it becomes. Read only when a call is logged, or by the operator's command line. */

import { isObject, jsonIn } from '../config/json.ts'
import { readRegular } from '../kernel/regular.ts'

export interface Settings {
  directory: string
  /** A file that would become larger is rotated. */
  maxBytes: number
  /** How many rotated files of each kind are kept. */
  keep: number
}

/** The host's settings; there need be none. */
export const settingsFile = '/etc/patchbay/log.json'

export const defaults: Settings = { directory: '/var/log/patchbay', maxBytes: 10 * 1024 * 1024, keep: 5 }

/** The files in the directory; rotated ones have `.1`, `.2` … behind their names, the newest is 1. */
export const files = { calls: 'calls.jsonl', spans: 'spans.jsonl' } as const

/** What a setting may be. */
const isValid: { [Key in keyof Settings]: (value: unknown) => boolean } = {
  directory: (value) => typeof value === 'string' && /^\/[^\0]+$/.test(value),
  maxBytes: (value) => Number.isInteger(value) && Number(value) >= 4096,
  keep: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 100,
}

/** The settings; the default of each that is absent or invalid. Never throws. */
export function readSettings(): Settings {
  const given = tried(() => jsonIn(readRegular(settingsFile)))
  if (!isObject(given)) return defaults
  const valid = Object.entries(isValid).filter(([key, fits]) => fits(given[key]))
  return { ...defaults, ...Object.fromEntries(valid.map(([key]) => [key, given[key]])) }
}

/** The value of an action; undefined when it fails: a log must not make a call fail. */
export function tried<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}
