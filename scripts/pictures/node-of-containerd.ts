/** What the node in the pictures has besides its links: containerd, the plugins, a list; and faults for `doctor` to find. */

import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { command } from '../../test/harness/command.ts'
import { executables } from '../../test/harness/plugin.ts'
import { pods } from './node.ts'

/** Installs plugins and a list. The machine's own runtimes are hidden: containerd alone is here, as far as its version goes. */
export function installPlugins(): void {
  for (const directory of ['/opt', '/usr/local']) command('mount', '-t', 'tmpfs', 'tmpfs', directory)
  for (const runtime of ['/usr/bin/podman', '/usr/bin/containerd', '/usr/bin/crio'])
    if (existsSync(runtime)) command('mount', '--bind', '/dev/null', runtime)
  mkdirSync('/usr/local/bin')
  writeFileSync(
    '/usr/local/bin/containerd',
    '#!/bin/sh\necho containerd github.com/containerd/containerd/v2 v2.1.4\n',
  )
  chmodSync('/usr/local/bin/containerd', 0o755)
  mkdirSync('/opt/cni/bin', { recursive: true })
  command(`${executables()}/patchbay`, 'install', '--to', '/opt/cni/bin')
  writeFileSync('/etc/cni/net.d/10-pods.conflist', JSON.stringify(pods))
}

/** Faults that are often seen: another program has switched forwarding off and flushed the firewall. */
export function makeFaults(): void {
  command('sysctl', '-qw', 'net.ipv4.ip_forward=0')
  command('nft', 'flush', 'ruleset')
}
