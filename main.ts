/** The start of every call: the name of the executable selects a plugin, or the operator's command line. Under another name the configuration has a say. */

import { plugins } from './plugins/registry.ts'
import { writeAll } from './shared/kernel/files.ts'
import { version } from './shared/version.ts'

const STDOUT = 1
const STDERR = 2

/** The words by which netavark, podman's network program, calls a driver. */
const netavarkWords = ['create', 'setup', 'teardown', 'info']

/**
 * Runs a command line.
 * @param argv the command line; `argv[0]` is the name or path of the executable
 * @returns the exit status
 */
export async function main([called = 'patchbay', ...args]: string[]): Promise<number> {
  const file = called.slice(called.lastIndexOf('/') + 1)
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

/** The operator's command line: the executable is called by the name `patchbay`. */
async function operate([command, ...args]: string[]): Promise<number> {
  const line = (fd: number) => (text: string) => void say(fd, `${text}\n`, 0)
  const output = { out: line(STDOUT), err: line(STDERR) }
  if (command === 'version') return say(STDOUT, `patchbay ${version}\n`, 0)
  if (command === 'help') return say(STDOUT, usage(), 0)
  if (command === 'stay' && args.length === 0) return (await import('./cli/stay.ts')).stay(output)
  if (command === 'install') return (await import('./cli/install.ts')).install(args, output)
  if (command === 'uninstall') return (await import('./cli/uninstall.ts')).uninstall(args, output)
  if (command === 'reapply' && args.length === 0) return (await import('./cli/reapply.ts')).reapply(output)
  if (command === 'reconcile' && args.length < 2)
    return (await import('./cli/reconcile.ts')).reconcile(plugins, output, ...args)
  return say(STDERR, usage(), 1)
}

function say(fd: number, text: string, status: number): number {
  writeAll(fd, Buffer.from(text))
  return status
}

function usage(): string {
  return `usage: patchbay version | help | reapply | reconcile [FILE | DIRECTORY] | stay
       patchbay install [--to DIR] [--engine quickjs|node] [--replace] [--netavark[=DIR]]
                        [--conf NAME… [--conf-to DIR]] [--dry-run]
       patchbay install --check [--to DIR] | uninstall [--from DIR] [--dry-run]

install copies this executable to DIR (/opt/cni/bin) and makes a link for each plugin, also while plugins run.
It refuses to replace plugins of others; --replace keeps them, and uninstall puts them back. --netavark
makes links for podman 5, --conf writes networks of conf-examples to /etc/cni/net.d.

reapply restores the masquerade, host ports and other rules of live containers, after another program
has removed them from the firewall. reconcile changes the existing VTEPs of the networks in
/etc/cni/net.d to match their configurations. Both print what they do, and make no device.
stay waits for SIGTERM: the main container of a DaemonSet whose init container has installed the plugins.

Container network plugins in one executable (${version}). A container runtime calls it by any name that
contains a plugin's, as a link to this file or a copy: ${Object.keys(plugins).sort().join(', ')}
`
}
