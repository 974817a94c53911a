/** The start of every call: the name of the executable selects a plugin, or the operator's command line. Under another name the configuration has a say. */

import { plugins } from './plugins/registry.ts'

/** The words by which netavark, podman's network program, calls a driver. */
const netavarkWords = ['create', 'setup', 'teardown', 'info']

/**
 * Runs a command line.
 * @param argv the command line; `argv[0]` is the name or path of the executable
 * @returns the exit status
 */
export async function main([called = 'patchbay', ...args]: string[]): Promise<number> {
  const file = called.slice(called.lastIndexOf('/') + 1)
  if (file === 'patchbay-agent') return operate(args)
  const { isCalledByRuntime, runPlugin, runUnnamed } = await import('./shared/cni/run.ts')
  const exact = Object.hasOwn(plugins, file) ? plugins[file] : undefined
  if (isCalledByRuntime()) return exact ? runPlugin(exact, plugins) : runUnnamed(file, plugins)
  if (netavarkWords.includes(args[0] ?? '')) return drive(file, args)
  if (exact) return runPlugin(exact, plugins)
  const { nameWithin } = await import('./shared/cni/name-within.ts')
  const within = plugins[nameWithin(file, Object.keys(plugins)) ?? '']
  return within ? runPlugin(within, plugins) : operate(args)
}

/** netavark calls the executable by a driver's name; by another the words are the operator's. */
async function drive(file: string, args: string[]): Promise<number> {
  const { isDriver, runDriver } = await import('./netavark/run.ts')
  return isDriver(file) ? runDriver(args, plugins) : operate(args)
}

/** The operator's command line: the executable is called by the name `patchbay`, or `patchbay-agent`, which also plugins call. */
async function operate(args: string[]): Promise<number> {
  return (await import('./cli/operate.ts')).operate(args, plugins)
}
