/** The examples of `conf-examples`, as a runtime reads them. */

import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** One plugin's configuration. */
export type Configuration = { type: string } & Record<string, unknown>

export interface Example {
  file: string
  /** The file's name without its ending. */
  title: string
  /** The purpose of the example. */
  comment: string
  /** The network's name. */
  name: string
  cniVersion: string
  /** The first plugin, which makes the interface. */
  plugin: Configuration
  /** The plugins after it. */
  chained: Configuration[]
}

export const examplesDirectory = join(import.meta.dirname, '../conf-examples')

/** All examples, sorted by number. */
export function allExamples(): Example[] {
  const files = readdirSync(examplesDirectory).filter((file) => file.endsWith('.conflist'))
  return files
    .sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10))
    .map((file) => readExample(join(examplesDirectory, file)))
}

export function readExample(file: string): Example {
  const { _comment: comment, name, cniVersion, plugins } = JSON.parse(readFileSync(file, 'utf8'))
  const [plugin, ...chained] = plugins
  return { file, title: basename(file, '.conflist'), comment, name, cniVersion, plugin, chained }
}
