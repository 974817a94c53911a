/** A reboot acted out on the private host: namespaces, links, rules and what is below /run are gone, /var/lib/cni is kept. */

import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { command, ipJson, succeeds } from './command.ts'
import { removeContainer, scratch, setSysctl } from './host.ts'
import type { Link } from './look.ts'

const bootFile = '/proc/sys/kernel/random/boot_id'
let boots = 0

/** Acts a reboot out. @param start makes what the host has from its start, such as its NICs */
export function reboot(start: () => void): void {
  for (const name of entriesOf('/run/netns')) removeContainer({ name, path: `/run/netns/${name}` })
  // The other end of a pair goes with the first.
  for (const { ifname } of ipJson<Link>('link show')) succeeds('ip', 'link', 'delete', ifname)
  command('nft', 'flush', 'ruleset')
  for (const name of ['cni', 'patchbay']) rmSync(`/run/${name}`, { recursive: true, force: true })
  for (const name of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) setSysctl(`net/${name}`, 0)
  nextBoot()
  start()
}

/** Gives the kernel another boot ID. */
function nextBoot(): void {
  const file = `${scratch}/boot_id`
  writeFileSync(file, `12345678-1234-4321-8765-${String(++boots).padStart(12, '0')}\n`)
  if (boots === 1) command('mount', '--bind', file, bootFile)
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
