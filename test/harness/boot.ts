/** What every boot takes from a host: namespaces, links, rules, forwarding, /run; and the kernel has another boot ID. */

import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command, ipJson, succeeds } from './command.ts'
import { scratch, setSysctl } from './host.ts'
import type { Link } from './look.ts'
import { deleteNetns } from './netns.ts'

const bootFile = 'proc/sys/kernel/random/boot_id'

/** What of /run belongs to the test itself: its scratch files, and namespaces that are not the boot's to take. */
const kept = ['test', 'netns']

export interface Boot {
  /** The names of the namespaces that end. */
  namespaces: readonly string[]
  /** Whether a link goes; without it, all go. */
  isLost?(link: Link): boolean
}

/** Takes from the host what is on no disk. */
export function emptyHost({ namespaces, isLost = () => true }: Boot): void {
  for (const name of namespaces) deleteNetns(name)
  // The other end of a pair goes with the first, and lo stays.
  for (const { ifname } of ipJson<Link>('link show').filter(isLost)) succeeds('ip', 'link', 'delete', ifname)
  command('nft', 'flush', 'ruleset')
  for (const name of readdirSync('/run').filter((name) => !kept.includes(name)))
    rmSync(join('/run', name), { recursive: true })
  mkdirSync('/run/lock')
  for (const name of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) setSysctl(`net/${name}`, 0)
}

/** The namespaces that have a name on the host. */
export function namespaceNames(): string[] {
  return existsSync('/run/netns') ? readdirSync('/run/netns') : []
}

/** Gives the kernel another boot ID: a file over its own, whose text changes. @param roots below which a /proc is seen */
export function newBootId(roots: readonly string[] = ['/']): void {
  const [file, text] = [`${scratch}/boot_id`, `${randomUUID()}\n`]
  writeFileSync(file, text)
  for (const path of roots.map((root) => join(root, bootFile)))
    if (readFileSync(path, 'utf8') !== text) command('mount', '--bind', file, path)
}
