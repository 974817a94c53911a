/** The start of every call: the name of the executable selects a plugin, or the operator's command line. Under another name the configuration has a say. */

import { plugins } from './plugins/registry.ts'
import { writeAll } from './shared/kernel/files.ts'
import { version } from './shared/version.ts'

const STDOUT = 1
const STDERR = 2

/**
 * Runs a command line.
 * @param argv the command line; `argv[0]` is the name or path of the executable
 * @returns the exit status
 */
export async function main([called = 'patchbay', ...args]: string[]): Promise<number> {
  const file = called.slice(called.lastIndexOf('/') + 1)
  const { isCalledByRuntime, runPlugin, runUnnamed } = await import('./shared/cni/run.ts')
  const exact = Object.hasOwn(plugins, file) ? plugins[file] : undefined
  if (exact) return runPlugin(exact, plugins)
  if (isCalledByRuntime()) return runUnnamed(file, plugins)
  const { nameWithin } = await import('./shared/cni/name-within.ts')
  const within = plugins[nameWithin(file, Object.keys(plugins)) ?? '']
  return within ? runPlugin(within, plugins) : operate(args)
}

/** The operator's command line: the executable is called by the name `patchbay`. */
async function operate([command, ...args]: string[]): Promise<number> {
  if (command === 'version') return say(STDOUT, `patchbay ${version}\n`, 0)
  if (command === 'help') return say(STDOUT, usage(), 0)
  if (command === 'reconcile' && args.length < 2) {
    const { reconcile } = await import('./cli/reconcile.ts')
    const line = (fd: number) => (text: string) => void say(fd, `${text}\n`, 0)
    return reconcile(plugins, { out: line(STDOUT), err: line(STDERR) }, ...args)
  }
  return say(STDERR, usage(), 1)
}

function say(fd: number, text: string, status: number): number {
  writeAll(fd, Buffer.from(text))
  return status
}

function usage(): string {
  return `usage: patchbay version | help | reconcile [FILE | DIRECTORY]

reconcile changes the existing VTEPs of the networks in /etc/cni/net.d (their remotes and options) to
match the configurations, and prints each change. It makes no device.

Container network plugins in one executable (${version}). A container runtime calls it by any name that
contains a plugin's, as a link to this file or a copy: ${Object.keys(plugins).sort().join(', ')}
`
}
