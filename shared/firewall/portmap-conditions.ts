/** `conditionsV4` and `conditionsV6` in nft's words: what a packet must fulfil besides. Only `nft` can read them, so it adds the rules that have them. */

import { CniError, Code } from '../error/error.ts'
import { directories, findProgram } from '../kernel/program.ts'
import { run } from '../kernel/run.ts'
import { listRules } from '../netlink/nftables-read.ts'
import { missing } from './missing.ts'
import { entrancesOf, type Frame } from './portmap-frame.ts'
import { netfilter } from './table.ts'

/** Adds the rules by which packets enter a frame with conditions, where they are missing. @throws CniError with nft's words */
export function addEntrances(frame: Frame): void {
  if (frame.conditions.length === 0) return
  for (const chain of entrancesOf(frame)) if (!hasEntrance(frame, chain)) addEntrance(frame, chain)
}

/** @throws CniError that names the missing rule */
export function expectEntrances(frame: Frame): void {
  if (frame.conditions.length === 0) return
  const { family, name } = frame.table
  for (const chain of entrancesOf(frame))
    if (!hasEntrance(frame, chain))
      throw missing(
        `chain ${family} ${name} ${chain} has no rule with the conditions`,
        `nft list chain ${family} ${name} ${chain}`,
      )
}

function hasEntrance({ table, prefix }: Frame, chain: string): boolean {
  return listRules(netfilter(), table, chain).some(({ leadsTo }) => leadsTo === `${prefix}-dnat`)
}

function addEntrance({ table, prefix, conditions }: Frame, chain: string): void {
  const path = findProgram('nft')
  if (!path)
    throw new CniError(Code.PluginNotAvailable, {
      msg: 'conditionsV4 and conditionsV6 need the program nft, which is not installed: install the package nftables',
      hint: `looked in ${directories.join(', ')}; install the package nftables, or leave the conditions out`,
    })
  const words = ['add', 'rule', table.family, table.name, chain, ...conditions]
  const notToOne = table.family === 'ip6' ? ['ip6', 'daddr', '!=', '::1'] : []
  const args = [...words, ...notToOne, 'fib', 'daddr', 'type', 'local', 'jump', `${prefix}-dnat`]
  const { status, stdout, stderr } = run({ path, arguments: args, input: '', env: {} })
  if (status === 0) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `nft does not take the conditions ${JSON.stringify(conditions.join(' ')).slice(0, 80)}: correct conditionsV${table.family === 'ip' ? 4 : 6}`,
    details: (stderr + stdout).trim(),
    hint: 'write them as nft does between "add rule TABLE CHAIN" and the verdict: man nft',
  })
}
