/** The calls of a list's plugins, as libcni makes them, and how their failures are told. */

import { environment } from '#engine'
import type { Command, Registry } from '../../shared/cni/plugin.ts'
import { parseObject } from '../../shared/config/json.ts'
import { CniError, toCniError } from '../../shared/error/error.ts'
import { executeIn } from '../../shared/ipam/delegate.ts'
import type { Chain } from '../host/chain.ts'
import { directories, executableOf } from '../host/executable.ts'
import { callOf, type PluginCall, type Target } from '../host/plugin-call.ts'

/** What calls of plugins need besides the list. */
export interface Runner {
  registry: Registry
  /** Gets what a plugin says on standard error. */
  log(text: string): void
}

/** The directories of the plugins: CNI_PATH's, or those of runtimes. */
export function pluginPath(): string[] {
  const { CNI_PATH } = environment()
  return CNI_PATH ? CNI_PATH.split(':').filter(Boolean) : directories()
}

/** A call, and the file that would be executed. */
export interface Planned extends PluginCall {
  executable: string
}

/** The calls of a verb in their order; DEL begins with the last plugin. @throws CniError of code 7 for a plugin that is not installed */
export function plan(command: Command, target: Target, chain: Chain, { registry }: Runner): Planned[] {
  const path = pluginPath()
  const plugins = command === 'DEL' ? chain.plugins.toReversed() : chain.plugins
  return plugins.map((plugin) => {
    const call = callOf(command, plugin, target, chain, path)
    return { ...call, executable: executableOf(call.plugin, registry, path) }
  })
}

/** Calls a plugin. @returns its standard output @throws CniError that names plugin and verb */
export function callPlugin(
  command: Command,
  plugin: Record<string, unknown>,
  target: Target,
  chain: Chain,
  { registry, log }: Runner,
): string {
  const path = pluginPath()
  const { variables, input } = callOf(command, plugin, target, chain, path)
  try {
    const file = executableOf(String(plugin.type), registry, path)
    return executeIn({ env: { ...environment(), CNI_ARGS: '', ...variables }, input, log }, file)
  } catch (error) {
    throw ofPlugin(`${command} of ${plugin.type}`, error)
  }
}

/** ADD of one plugin. @returns its result */
export function addBy(
  plugin: Record<string, unknown>,
  target: Target,
  chain: Chain,
  runner: Runner,
): Record<string, unknown> {
  const output = callPlugin('ADD', plugin, target, chain, runner)
  return parseObject(output, `result of ${plugin.type}`)
}

function ofPlugin(what: string, error: unknown): CniError {
  const { code, complaint } = toCniError(error)
  return new CniError(code, { ...complaint, msg: `${what}: ${complaint.msg}`, cause: error })
}
