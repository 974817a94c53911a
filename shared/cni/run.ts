/** Runs a plugin as a process: environment and standard input, standard output, exit status. */

import { environment } from '#engine'
import { printError, stderrLog } from '../error/log.ts'
import { writeAll } from '../kernel/files.ts'
import { readInput } from './input.ts'
import type { Plugin, Registry } from './plugin.ts'
import type { Answer } from './respond.ts'
import { versionAnswer } from './version-answer.ts'

const STDOUT = 1

/**
 * Runs a plugin for a runtime. VERSION is answered without loading the plugin.
 * @param load returns the plugin
 * @param registry the other plugins, for hints about their keys
 * @returns the exit status
 */
export async function runPlugin(load: () => Promise<Plugin>, registry: Registry = {}): Promise<number> {
  const env = environment()
  if (env.CNI_COMMAND === 'VERSION') return answer({ output: versionAnswer(readInput), status: 0 })
  const plugin = await load()
  if (!env.CNI_COMMAND) return explain(plugin)
  const log = stderrLog(plugin.name, env.TRACEPARENT)
  const { respond } = await import('./respond.ts')
  return answer(await respond(plugin, { env, read: readInput, registry, log }))
}

function answer({ output, status }: Answer): number {
  if (output !== '') writeAll(STDOUT, Buffer.from(output), 'stdout')
  return status
}

async function explain(plugin: Plugin): Promise<number> {
  const { usage } = await import('./usage.ts')
  printError(usage(plugin))
  return 0
}
