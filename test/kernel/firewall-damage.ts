/** What other programs do to the rules: `nft flush ruleset`, and the flush of a table, chain or map. */

import { command } from '../harness/command.ts'
import { executables } from '../harness/plugin.ts'
import { ruleset } from './firewall-containers.ts'

/** A table of the host's own firewall, which `acceptInto` opens. */
function hostFirewall(): void {
  command(
    'nft',
    'add table inet host; add chain inet host forward { type filter hook forward priority 0; policy drop; }',
  )
}

/** As the restart of nftables.service does. */
export function flush(): void {
  command('nft', 'flush', 'ruleset')
  hostFirewall()
}

export function reapply(): void {
  command(`${executables()}/patchbay`, 'reapply')
}

/** What can be flushed of the rules, as the command: our tables, chains and maps, and the chains of iptables. */
export function flushes(): string[] {
  const ofNftables = ruleset().flatMap((item) => {
    const [[kind = '', { family, table, name }] = ['', {}]] = Object.entries(item)
    if ((table ?? name) !== 'patchbay' || !['table', 'chain', 'map', 'set'].includes(kind)) return []
    return [`nft flush ${kind} ${family} ${kind === 'table' ? '' : 'patchbay '}${name}`]
  })
  const ofPrograms = ['iptables', 'ip6tables'].flatMap((program) =>
    ['nat', 'filter'].flatMap((table) => {
      const chains = command(`${program}-save`, '-t', table).match(/^:\S+/gm) ?? []
      return chains.map((chain) => `${program} -t ${table} -F ${chain.slice(1)}`)
    }),
  )
  return [...ofNftables, ...ofPrograms].sort()
}

/** Flushes one of them. */
export function damage(which: number): void {
  const all = flushes()
  const chosen = all[which % all.length]
  if (chosen) command('sh', '-c', chosen)
}
