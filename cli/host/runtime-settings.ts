/** The settings of a runtime: what its files say together, a later one over an earlier one. */

import { readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { readRegular } from '../../shared/kernel/regular.ts'
import { stat } from '../../shared/kernel/stat.ts'
import { type LeftOut, trying } from './left-out.ts'
import { parseToml, type Setting } from './toml.ts'

/** A value, and the file and key that say so, or whose default it is. */
export interface Told<T> {
  value: T
  where: string
}

/** Each asks for the first of some keys that a file has. */
export interface Settings {
  /** The file that a person edits. */
  main: string
  text(...keys: string[]): Told<string> | undefined
  /** A single text counts as a list of one. */
  texts(...keys: string[]): Told<string[]> | undefined
  number(...keys: string[]): number | undefined
  isTrue(...keys: string[]): boolean
}

/** How deep `imports` are followed. */
const deepest = 4

/** Reads settings. @param files paths, whose last part may be `*` or `*.ENDING`; absent ones have no settings */
export function settingsOf(files: string | readonly string[], leftOut: LeftOut): Settings {
  const patterns = typeof files === 'string' ? [files] : files
  const all = patterns.flatMap((pattern) => readAll(pattern, leftOut, deepest))
  const find = (keys: readonly string[]): Told<Setting> | undefined => {
    const found = keys.flatMap((key) =>
      all.filter((one) => one.settings.has(key)).map((one) => ({ key, ...one })),
    )
    const last = keys.map((key) => found.findLast((one) => one.key === key)).find(Boolean)
    return last && { value: last.settings.get(last.key) as Setting, where: `${last.file}: ${last.key}` }
  }
  return {
    main: patterns[0] ?? '',
    text(...keys) {
      const told = find(keys)
      return typeof told?.value === 'string' && told.value !== '' ? { ...told, value: told.value } : undefined
    },
    texts(...keys) {
      const told = find(keys)
      const value = typeof told?.value === 'string' ? [told.value] : told?.value
      return told && Array.isArray(value) && value.length > 0 ? { ...told, value } : undefined
    },
    number(...keys) {
      const value = find(keys)?.value
      return typeof value === 'number' ? value : undefined
    },
    isTrue: (...keys) => find(keys)?.value === true,
  }
}

interface Read {
  file: string
  settings: Map<string, Setting>
}

/** The files of a pattern, each followed by those that it imports (containerd). */
function readAll(pattern: string, leftOut: LeftOut, depth: number): Read[] {
  return matching(pattern, leftOut).flatMap((file) =>
    trying(file, (path) => (stat(path) ? [parseToml(readRegular(path))] : []), leftOut).flatMap(
      (settings) => {
        const imports = settings.get('imports')
        const more = depth > 0 && Array.isArray(imports) ? imports : []
        return [
          { file, settings },
          ...more.flatMap((one) => readAll(absolute(one, file), leftOut, depth - 1)),
        ]
      },
    ),
  )
}

function absolute(path: string, from: string): string {
  return path.startsWith('/') ? path : `${from.slice(0, from.lastIndexOf('/'))}/${path}`
}

function matching(pattern: string, leftOut: LeftOut): string[] {
  const at = pattern.lastIndexOf('/')
  const [directory, last] = [pattern.slice(0, at), pattern.slice(at + 1)]
  if (!last.startsWith('*')) return [pattern]
  const names = trying(directory, readDirectoryIfAny, leftOut).map(({ name }) => name)
  const ending = last.slice(1)
  return names
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => `${directory}/${name}`)
}
