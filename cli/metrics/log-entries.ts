/** Lines of the log of calls as entries, and which of them are wanted. */

import { type Entry, type Level, levels } from '../../shared/call-log/entry.ts'
import { isObject, jsonIn } from '../../shared/config/json.ts'

/** What an entry must be; an absent member admits all. */
export interface Wanted {
  /** The first characters of the container's ID. */
  container?: string
  network?: string
  verb?: string
  plugin?: string
  trace?: string
  /** The least one. */
  level?: Level
  /** ISO 8601, UTC. */
  since?: string
}

/** What lines were read, and not shown. */
export interface Reading {
  entries: Entry[]
  /** How many lines are no entries. */
  damaged: number
}

/** The entries in lines. A line without a wanted text is not parsed. */
export function entriesIn(lines: readonly string[], wanted: Wanted): Reading {
  const texts = [wanted.container, wanted.network, wanted.trace].filter((text) => text !== undefined)
  const parsed = lines.filter((line) => texts.every((text) => line.includes(text))).map(entryIn)
  const entries = parsed.filter((entry) => entry !== undefined)
  return {
    entries: entries.filter((entry) => isWanted(entry, wanted)),
    damaged: parsed.length - entries.length,
  }
}

const texts = ['network', 'container', 'interface', 'pod', 'trace', 'msg', 'details'] as const
const numbers = ['duration', 'code'] as const

/** The entry in a line, with the members that this version knows; undefined when it is none: torn, or of another program. */
function entryIn(line: string): Entry | undefined {
  const raw = jsonIn(line)
  if (!isObject(raw)) return undefined
  const { time, level, verb, plugin, pid, spent } = raw
  if (![time, verb, plugin].every((one) => typeof one === 'string') || !levels.includes(level as Level))
    return undefined
  if (typeof pid !== 'number' || !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(String(time))) return undefined
  const known = (keys: readonly string[], type: string) =>
    keys.filter((key) => typeof raw[key] === type).map((key) => [key, raw[key]])
  return {
    ...{ time: String(time), level: level as Level, verb: String(verb), plugin: String(plugin), pid },
    ...Object.fromEntries([...known(texts, 'string'), ...known(numbers, 'number')]),
    ...(isTimes(spent) && { spent }),
  }
}

function isTimes(value: unknown): value is Record<string, number> {
  return isObject(value) && Object.values(value).every((time) => typeof time === 'number')
}

function isWanted(
  entry: Entry,
  { container = '', network, verb, plugin, trace, level, since = '' }: Wanted,
): boolean {
  const isAlike = (own: string | undefined, asked: string | undefined) => asked === undefined || own === asked
  return (
    (entry.container ?? '').startsWith(container) &&
    isAlike(entry.network, network) &&
    isAlike(entry.verb, verb) &&
    isAlike(entry.plugin, plugin) &&
    isAlike(entry.trace, trace) &&
    (level === undefined || levels.indexOf(entry.level) >= levels.indexOf(level)) &&
    entry.time >= since
  )
}
