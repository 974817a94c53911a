/** An example of `conf-examples`, as a runtime reads it. */

import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** Keys of one plugin's configuration, beside its type. */
export type Configuration = { type: string } & Record<string, unknown>

export interface Example {
  file: string
  /** The file's name without its ending. */
  title: string
  /** The network's name. */
  name: string
  cniVersion: string
  /** The first plugin, which makes the interface. */
  plugin: Configuration
  /** Those after it. */
  chained: Configuration[]
}

export function readExample(file: string): Example {
  const { name, cniVersion, plugins } = JSON.parse(readFileSync(file, 'utf8'))
  const [plugin, ...chained] = plugins
  return { file, title: basename(file, '.conflist'), name, cniVersion, plugin, chained }
}
