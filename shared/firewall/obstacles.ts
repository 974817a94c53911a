/** Says which chains of other programs drop packets of containers in spite of the plugin: an operator must know, though ADD succeeds. */

import { type ClosedChain, closedChains, type Passage } from './closed-chains.ts'
import type { Decision } from './decision.ts'
import { inWords as closedInWords, mixture } from './decision.ts'
import type { Filter, ForeignChain } from './filter-record.ts'

/** How an attachment, or those of a network, are let through. */
interface Way extends Pick<Filter, 'backEnd' | 'acceptInto'> {
  /** The families of the addresses. */
  families: readonly (4 | 6)[]
}

/** A sentence for each obstacle. @param passages where packets must pass */
export function obstacles(way: Way, { closed }: Decision, passages: readonly Passage[]): string[] {
  const mixed = mixture()
  const shut = way.backEnd === 'nftables' ? closed.filter(({ family }) => way.families.includes(family)) : []
  return [
    ...shut.map((one) => `${closedInWords(one)}: leave "backend" out, so that iptables opens it`),
    ...closedChains(passages)
      .filter((one) => concerns(one, way))
      .map(inWords),
    ...(mixed ? [mixed] : []),
  ]
}

/** Whether packets of containers end in a chain. The zone of firewalld opens the chains of firewalld. */
function concerns({ chain: { table, name } }: ClosedChain, { backEnd, acceptInto, families }: Way): boolean {
  if (backEnd === 'firewalld' && table.name === firewalld) return false
  const isOpened = ({ family, table: named, chain }: ForeignChain) =>
    family === table.family && named === table.name && chain === name
  const isSeen = table.family === 'inet' || families.includes(table.family === 'ip' ? 4 : 6)
  return isSeen && !acceptInto.some(isOpened)
}

const firewalld = 'firewalld'

function inWords({ chain: { table, name }, how }: ClosedChain): string {
  const where = `${table.family} ${table.name}`
  const remedy =
    table.name === firewalld
      ? 'write "backend": "firewalld"'
      : `write "acceptInto": {"table": "${where}", "chain": "${name}"}`
  return `chain ${name} of table ${where} has ${how}, which no other table can open: ${remedy}`
}
