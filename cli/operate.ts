/** The operator's command line: each verb is a file beside. */

import type { Registry } from '../shared/cni/plugin.ts'
import { writeAll } from '../shared/kernel/files.ts'
import { version } from '../shared/version.ts'

const STDOUT = 1
const STDERR = 2

/**
 * Runs a verb of the operator.
 * @param args the verb and its arguments
 * @returns the exit status
 */
export async function operate([command, ...args]: string[], plugins: Registry): Promise<number> {
  const line = (fd: number) => (text: string) => void say(fd, `${text}\n`, 0)
  const output = { out: line(STDOUT), err: line(STDERR) }
  if (command === 'version') return say(STDOUT, `patchbay ${version}\n`, 0)
  if (command === 'help') return say(STDOUT, usage(plugins), 0)
  if (command === 'stay' && args.length === 0) return (await import('./stay.ts')).stay(output)
  if (command === 'install') return (await import('./install.ts')).install(args, output)
  if (command === 'uninstall') return (await import('./uninstall.ts')).uninstall(args, output)
  if (command === 'reapply' && args.length === 0) return (await import('./reapply.ts')).reapply(output)
  if (command === 'reconcile' && args.length < 2)
    return (await import('./reconcile.ts')).reconcile(plugins, output, ...args)
  return say(STDERR, usage(plugins), 1)
}

function say(fd: number, text: string, status: number): number {
  writeAll(fd, Buffer.from(text))
  return status
}

function usage(plugins: Registry): string {
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
