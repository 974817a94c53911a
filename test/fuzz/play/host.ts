/** The host that each case finds: NICs to attach to, a bridge, a container; and the way back to it. */

import { globSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { ip, succeeds } from '../../harness/command.ts'
import { farHost, newContainer, removeContainer, setSysctl } from '../../harness/host.ts'
import { difference, type Snapshot, snapshot, snapshotOf } from '../../harness/snapshot.ts'
import { installDelegate } from './delegate.ts'
import { realPath } from './detect.ts'
import { filesBelow } from './files.ts'

/** The namespace of the container, and its name. */
export const container = { name: 'c1', path: '/run/netns/c1' }

/** Makes the links: `uplink` to a far host, `nic1` and `nic2` without addresses, the bridge `br0`. */
export function arrangeHost(): void {
  ip('link set lo up')
  setSysctl('net/ipv4/ip_forward', 0)
  setSysctl('net/ipv6/conf/all/forwarding', 0)
  farHost()
  for (const name of ['nic1', 'nic2']) {
    ip(`link add ${name} type veth peer name ${name}peer netns far`)
    ip(`link set ${name} up`)
    ip(`-n far link set ${name}peer up`)
  }
  ip('link add br0 address 02:00:5e:00:00:b0 type bridge')
  ip('link set br0 up')
  newContainer(container.name)
  installDelegate()
  rememberSettings()
}

const directories = ['/run', '/var/lib', '/dev']

/** All that a plugin may change, host and container. */
export function look(): Snapshot {
  const inside = snapshotOf(container.name).map((line) => `container: ${line}`)
  return [...snapshot(directories), ...inside]
}

/** The paths of all files that a plugin may have written. */
export function files(): Set<string> {
  return new Set(directories.flatMap(filesBelow))
}

/**
 * Brings the host back to the state of a snapshot, as far as this is quick.
 * @returns whether it is so again
 */
export function restore(baseline: Snapshot): boolean {
  forgetState()
  const changes = difference(baseline, look())
  if (changes.length === 0) return true
  for (const change of changes) undo(change)
  if (changes.some((change) => change.startsWith('container:', 2))) replaceContainer()
  return difference(baseline, look()).length === 0
}

/** Removes the plugins' files, also those that snapshots leave out. */
function forgetState(): void {
  rmSync('/run/patchbay', { recursive: true, force: true })
  for (const name of readdirSync('/var/lib/cni')) rmSync(`/var/lib/cni/${name}`, { recursive: true })
}

const undoing: readonly [RegExp, (...parts: string[]) => void][] = [
  [/^[+] link (\S+) ifindex: /, (name) => void succeeds('ip', 'link', 'delete', name)],
  [/^[+] (?:file|link) (\/\S+)/, (path) => rmSync(realPath(path), { recursive: true, force: true })],
  [/^[+] nft /, () => void succeeds('nft', 'flush', 'ruleset')],
  [/^- link \S+ settings /, restoreSettings],
  [/^- sysctl (\/\S+?):(.*)/, (path, value) => writeSysctl(path, value)],
]

function undo(change: string): void {
  for (const [expression, action] of undoing) {
    const [found, ...parts] = expression.exec(change) ?? []
    if (found === undefined) continue
    action(...parts)
    return
  }
}

/** The sysctls of each link at the start. */
const settings = new Map<string, string>()

function rememberSettings(): void {
  for (const path of settingFiles()) settings.set(path, readSetting(path))
}

function settingFiles(): string[] {
  return globSync('/proc/sys/net/ipv[46]/conf/{br0,nic1,nic2,uplink}/*')
}

/** Some can only be written. */
function readSetting(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function restoreSettings(): void {
  for (const [path, value] of settings) if (readSetting(path) !== value) writeSysctl(path, value)
}

/** The sysctls of a link that is gone, or that are read-only, cannot be written. */
function writeSysctl(path: string, value: string): void {
  try {
    writeFileSync(path, value)
  } catch {}
}

function replaceContainer(): void {
  removeContainer(container)
  newContainer(container.name)
}
