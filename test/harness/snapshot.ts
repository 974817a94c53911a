/** The state of a host as lines, so that "nothing is left" is a comparison of two snapshots. */

import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { command, parseIp } from './command.ts'

/** Everything that a plugin may change, as lines of text. */
export type Snapshot = string[]

/**
 * Directories of the plugins' files. Excluded: cnitool's own cache of results; the last reserved address, for the next ADD; and
 * host-local's index, which only repeats its records.
 */
const kept = ['/run', '/var/lib/cni']
const foreign =
  /^\/var\/lib\/cni\/results|\/\.patchbay\/|^\/run\/(test|netns|lock)\b|\/(lock|[^/]*\.lock|last_reserved_ip\.\d+|[^/]*\.damaged)$/

/** A snapshot of the network namespace and the files of the calling process. */
export function snapshot(directories: readonly string[] = kept): Snapshot {
  const [rules = '', ...answers] = ask([], ['nft --stateless list ruleset', ...looks])
  return [...firewall(rules), ...network(answers), ...directories.flatMap(filesBelow)]
}

/** A snapshot of a named network namespace. */
export function snapshotOf(netns: string): Snapshot {
  return network(ask(['ip', 'netns', 'exec', netns], looks))
}

/** The output of commands, run by one shell: in a guest, starting a process from Node is slow. */
function ask(inside: readonly string[], commands: readonly string[]): string[] {
  const [file = '', ...args] = [...inside, 'sh', '-c', commands.join(" && printf '\\0' && ")]
  return command(file, ...args).split('\0')
}

/** The lines that were added (`+`) and removed (`-`) between two snapshots. */
export function difference(before: Snapshot, after: Snapshot): string[] {
  const [old, now] = [new Set(before), new Set(after)]
  const went = before.filter((line) => !now.has(line)).map((line) => `- ${line}`)
  return [...went, ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`)]
}

/** The commands that show a network namespace, in the order in which `network` reads their output. */
const looks = [
  'ip -j -d link show',
  'ip -j -d address show',
  'ip -j -d -4 route show table all',
  'ip -j -d -6 route show table all',
  'ip -j -d -4 rule show',
  'ip -j -d -6 rule show',
  '(grep --recursive --no-messages "" /proc/sys/net || true)',
]

type Entry = Record<string, unknown>

/** Links, addresses, routes, rules, sysctls; without link-local IPv6, which the kernel adds at any time. */
function network([links = '', addresses = '', ...others]: string[]): Snapshot {
  const [routes4 = '', routes6 = '', rules4 = '', rules6 = '', values = ''] = others
  return [
    ...parseIp<Entry>(links).map((it) => `link ${steady(it)}`),
    ...parseIp<Entry>(addresses).flatMap(addressesOf).filter(isOurs),
    ...[routes4, routes6]
      .flatMap((it) => parseIp<Entry>(it))
      .map((it) => `route ${steady(it)}`)
      .filter(isOurs),
    ...[rules4, rules6].flatMap((it) => parseIp<Entry>(it)).map((it) => `rule ${steady(it)}`),
    ...sysctls(values),
  ]
}

function isOurs(line: string): boolean {
  return !/ fe80:|"dst":"(fe80:|ff00:)/.test(line)
}

/** An object as text, without values that change by themselves: timers, learned entries of bridges, and states that depend on ports. */
function steady(entry: Entry): string {
  return JSON.stringify(entry, (key, value) =>
    moving.test(key) || isPortState(key, value) ? undefined : value,
  )
}

/** A bridge's port starts to forward a moment after its carrier is up. A neighbour's state is a list. */
function isPortState(key: string, value: unknown): boolean {
  return key === 'state' && typeof value === 'string'
}
const moving =
  /_timer$|^(operstate|flags|promiscuity|allmulti|bridge_id|root_id|topology_change.*|fdb_n_learned|expires|tso_max_.*)$/

function addressesOf(link: Entry): string[] {
  const infos = (link.addr_info ?? []) as { local: string; prefixlen: number; scope: string }[]
  return infos.map(({ local, prefixlen, scope }) => `address ${link.ifname} ${local}/${prefixlen} ${scope}`)
}

function firewall(rules: string): string[] {
  return rules.split('\n').map((line) => `nft ${line}`)
}

/** The files only: records of host-local and the plugins. */
export function filesIn(snapshot: Snapshot): Snapshot {
  return snapshot.filter((line) => line.startsWith('file '))
}

/** Files with mode and content, symlinks with their targets. Empty directories are ignored. */
function filesBelow(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true })
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name)
    if (foreign.test(path)) return []
    if (entry.isDirectory()) return filesBelow(path)
    if (entry.isSymbolicLink()) return [`link ${path} ${readlinkSync(path)}`]
    const line = `file ${path} ${statSync(path).mode.toString(8)}`
    return [entry.isFile() ? `${line} ${readFileSync(path, 'utf8')}` : line]
  })
}

/** All of /proc/sys/net, without counters and the sysctls of modules. */
function sysctls(values: string): string[] {
  const lines = values.split('\n').filter((line) => line && !counting.test(line))
  return lines.map((line) => `sysctl ${line}`)
}
const counting = /\/netfilter\/|\/nf_conntrack_max|\/vrf\/strict_mode|\/(random|fs|flush|netns_ok)/
