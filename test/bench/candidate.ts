/** What is compared: directories of plugins, and programs that do nothing. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'

export interface Candidate {
  /** `quickjs`, `node`, or the version of a reference. */
  name: string
  isReference?: boolean
  /** It is measured with what a subject has `beside`. */
  isBeside?: boolean
  /** The directory of its plugins. */
  directory?: string
  /** The directory for the plugins of a chain that it lacks. */
  others?: string
  /** The program that stands for every plugin: it does nothing, and is measured by VERSION only. */
  floor?: string
}

/** The program of a plugin; undefined when the candidate has none. */
export function programOf({ directory, others, floor }: Candidate, plugin: string): string | undefined {
  if (floor) return floor
  const paths = [directory, others].flatMap((place) => (place ? [join(place, plugin)] : []))
  return paths.find((path) => existsSync(path))
}

/** The name of a candidate with what a subject has beside. */
export function nameBeside(candidate: string, beside: string): string {
  return `${candidate}, ${beside}`
}

/** Whether a candidate has the first plugin of a list itself, and all others somewhere. */
export function has(candidate: Candidate, plugins: readonly string[]): boolean {
  const [first = '', ...rest] = plugins
  const own = programOf({ ...candidate, others: undefined }, first)
  return own !== undefined && rest.every((plugin) => programOf(candidate, plugin))
}
