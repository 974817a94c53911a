/** Our chains as they are to be: another program may have flushed or deleted some of them, as `nft flush table` does. */

import { addChain, addRule, flushChain, type Hook, type Table } from '../netlink/nftables.ts'
import { chainUse, listRules } from '../netlink/nftables-read.ts'
import type { Statement } from '../netlink/nftables-statements.ts'
import type { Request } from '../netlink/socket.ts'
import { netfilter } from './table.ts'

/** A chain of ours with its rules. */
export interface OurChain {
  name: string
  hook?: Hook
  rules: Statement[][]
  /** How many rules and elements lead to it, where that is known: the kernel's count of uses tells the rules then, without a list. */
  referrers?: number
}

/** Requests that make chains as they are to be, those first that others lead to; none for a chain that has its rules. */
export function restoration(table: Table, chains: readonly OurChain[]): Request[] {
  const broken = chains.filter((chain) => countOf(table, chain) < chain.rules.length)
  return [
    ...broken.map(({ name, hook }) => addChain(table, name, hook)),
    ...broken.flatMap(({ name, rules }) => [
      flushChain(table, name),
      ...rules.map((statements) => addRule(table, name, statements)),
    ]),
  ]
}

function countOf(table: Table, { name, referrers }: OurChain): number {
  if (referrers === undefined) return listRules(netfilter(), table, name).length
  return (chainUse(netfilter(), table, name) ?? 0) - referrers
}

/**
 * Whether nothing else leads to a chain, which may have been flushed.
 * @param count of rules and elements that lead to it @param rules that it is to have
 */
export function isUsedOnlyBy(table: Table, chain: string, count: number, rules: number): boolean {
  const use = chainUse(netfilter(), table, chain)
  if (use === undefined || use > rules + count) return false
  return use - listRules(netfilter(), table, chain).length === count
}
