/** Which rows of a table are made by the Node engine, which takes ten times as long as QuickJS: one of each plugin in a file. */

import { isFullRun } from './full.ts'
import { isGuest } from './guest.ts'
import type { Engine } from './plugin.ts'

const made = new Set<string>()

/** Node for the first row of a plugin, and with `npm run test:full` for each; the versions of the row are tried all the same. */
export function engineOfRow(plugin: string): Engine {
  const isFirst = !made.has(plugin)
  made.add(plugin)
  return isFirst || isFullRun() ? 'node' : 'quickjs'
}

let rows = 0

/** Both engines; in a guest, where each call by Node takes a fifth of a second, QuickJS alone after the first row of a file. */
export function enginesOfRow(): readonly Engine[] {
  const isFirst = rows++ === 0
  return isFirst || !isGuest || isFullRun() ? ['quickjs', 'node'] : ['quickjs']
}
