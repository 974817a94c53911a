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
 * @param read reads standard input
 * @returns the exit status
 */
export async function runPlugin(
  load: () => Promise<Plugin>,
  registry: Registry = {},
  read = readInput,
): Promise<number> {
  const env = environment()
  if (env.CNI_COMMAND === 'VERSION') return answer({ output: versionAnswer(read), status: 0 })
  const plugin = await load()
  if (!env.CNI_COMMAND) return explain(plugin)
  const log = stderrLog(plugin.name, env.TRACEPARENT)
  const { respond } = await import('./respond.ts')
  return answer(await respond(plugin, { env, read, registry, log }))
}

/** Whether a runtime calls: only then is standard output for an answer in JSON. */
export function isCalledByRuntime(): boolean {
  return Boolean(environment().CNI_COMMAND)
}

/** Runs the plugin of a call by an executable whose name is no plugin's: the configuration has a say. @param file the executable's name */
export async function runUnnamed(file: string, registry: Registry): Promise<number> {
  const read = outcomeOf(readInput)
  const { pluginOf } = await import('./called.ts')
  return runPlugin(async () => (await pluginOf(file, tried(read), registry))(), registry, read)
}

/** Runs an action now. @returns a function with its outcome */
function outcomeOf<T>(action: () => T): () => T {
  try {
    const value = action()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}

/** The input, or an empty one: the answer to the call will say what is wrong with it. */
function tried(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
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
