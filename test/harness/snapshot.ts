/** What a host looks like, line by line, so that "nothing is left" is a comparison and not a list of guesses. */

import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { command, ipJson } from './command.ts'

/** Everything that a plugin may change, as lines of text. */
export type Snapshot = string[]

/**
 * Where plugins keep files. cnitool's own cache of results is not theirs; the address last given is for the next ADD, and
 * host-local's index says nothing that its records do not.
 */
const kept = ['/run', '/var/lib/cni']
const foreign =
  /^\/var\/lib\/cni\/results|\/\.patchbay\/|^\/run\/(test|netns|lock)\b|\/(lock|[^/]*\.lock|last_reserved_ip\.\d+)$/

/** Looks at the network namespace and the files of the calling process. */
export function snapshot(directories: readonly string[] = kept): Snapshot {
  return [...network(''), ...firewall(), ...directories.flatMap(filesBelow), ...sysctls([])]
}

/** Looks into a named network namespace. */
export function snapshotOf(netns: string): Snapshot {
  return [...network(`-n ${netns} `), ...sysctls(['ip', 'netns', 'exec', netns])]
}

/** The lines that came (`+`) and went (`-`) between two snapshots. */
export function difference(before: Snapshot, after: Snapshot): string[] {
  const [old, now] = [new Set(before), new Set(after)]
  const went = before.filter((line) => !now.has(line)).map((line) => `- ${line}`)
  return [...went, ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`)]
}

/** Links, addresses, routes, rules. Link-local IPv6 is the kernel's own, which adds it when it sees fit. */
function network(inside: string): string[] {
  const show = (words: string) => ipJson<Record<string, unknown>>(inside + words)
  return [
    ...show('link show').map((link) => `link ${steady(link)}`),
    ...show('address show').flatMap(addressesOf).filter(isOurs),
    ...routes(show)
      .map((it) => `route ${steady(it)}`)
      .filter(isOurs),
    ...['-4', '-6'].flatMap((family) => show(`${family} rule show`).map((it) => `rule ${steady(it)}`)),
  ]
}

type Show = (words: string) => Record<string, unknown>[]

function routes(show: Show): Record<string, unknown>[] {
  return ['-4', '-6'].flatMap((family) => show(`${family} route show table all`))
}

function isOurs(line: string): boolean {
  return !/ fe80:|"dst":"(fe80:|ff00:)/.test(line)
}

/** An object as text, without what moves by itself: timers, and states that follow from the ports. */
function steady(entry: Record<string, unknown>): string {
  return JSON.stringify(entry, (key, value) => (moving.test(key) ? undefined : value))
}
const moving =
  /_timer$|^(operstate|flags|promiscuity|allmulti|bridge_id|root_id|topology_change.*|expires|tso_max_.*)$/

function addressesOf(link: Record<string, unknown>): string[] {
  const infos = (link.addr_info ?? []) as { local: string; prefixlen: number; scope: string }[]
  return infos.map(({ local, prefixlen, scope }) => `address ${link.ifname} ${local}/${prefixlen} ${scope}`)
}

function firewall(): string[] {
  const lines = command('nft', '--stateless', 'list', 'ruleset').split('\n')
  return lines.map((line) => `nft ${line}`)
}

/** Files with mode and content, links with where they lead. A directory that stays behind empty is nothing. */
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

/** All of /proc/sys/net, read inside a namespace by a command that is put in front; no counters, nor what comes with a module. */
function sysctls(inside: readonly string[]): string[] {
  const script = 'grep --recursive --no-messages "" /proc/sys/net || true'
  const [file = '', ...args] = [...inside, 'sh', '-c', script]
  const lines = command(file, ...args).split('\n')
  return lines.filter((line) => line && !counting.test(line)).map((line) => `sysctl ${line}`)
}
const counting = /\/netfilter\/|\/nf_conntrack_max|\/vrf\/strict_mode|\/(random|fs|flush|netns_ok)/
