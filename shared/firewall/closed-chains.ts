/** Finds the chains of other programs that drop what they do not accept: of iptables, which iptables can open, and of nftables. */

import { families } from '../ip/address.ts'
import { readXtable } from '../kernel/xtables.ts'
import type { Table } from '../netlink/nftables.ts'
import {
  type Chain,
  closingOf,
  findChain,
  hookNumbers,
  listBaseChains,
  listTables,
} from '../netlink/nftables-chains.ts'
import { tableUse } from '../netlink/nftables-read.ts'
import { netfilter, ourTable } from './table.ts'
import { unlessUnsupported } from './unsupported.ts'

/** Where packets of containers pass: to other networks, and to the host itself. */
export type Passage = keyof typeof hookNumbers

/** A chain of iptables that is closed, and how: `policy DROP`. */
export interface ClosedIptables {
  kind: 'nft' | 'legacy'
  family: 4 | 6
  passage: Passage
  how: string
}

/** A base chain of another program's nftables table that is closed. */
export interface ClosedChain {
  chain: Chain
  how: string
}

const ours = ourTable('inet').name
/** The tables that iptables-nft makes. */
const ofIptables = ['filter', 'nat', 'mangle', 'raw', 'security']
const builtIn = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']

/** The table `filter` of iptables-nft. */
export function filterTable(family: 4 | 6): Table {
  return { family: family === 4 ? 'ip' : 'ip6', name: 'filter' }
}

/** The chains of iptables, of both kinds, that are closed. */
export function closedIptables(passages: readonly Passage[]): ClosedIptables[] {
  return families.flatMap((family) => [...closedByNft(family, passages), ...closedByLegacy(family, passages)])
}

function closedByNft(family: 4 | 6, passages: readonly Passage[]): ClosedIptables[] {
  return passages.flatMap((passage) => {
    const how = unlessUnsupported(() => {
      const chain = findChain(netfilter(), filterTable(family), passage)
      return chain?.hook === hookNumbers[passage] ? closingOf(netfilter(), chain) : undefined
    })
    return how ? [{ kind: 'nft', family, passage, how: how.replace('drop', 'DROP') }] : []
  })
}

function closedByLegacy(family: 4 | 6, passages: readonly Passage[]): ClosedIptables[] {
  const table = readXtable(family, 'filter')
  return passages.flatMap((passage) => {
    const how = table?.closing(passage)
    return how ? [{ kind: 'legacy', family, passage, how }] : []
  })
}

/** The kernel's own entries of an empty table `filter`: three policies, and the end. */
const emptyTable = 4

/** Whether iptables-nft and iptables-legacy both have rules in a family's table `filter`. */
export function isMixed(family: 4 | 6): boolean {
  const legacy = readXtable(family, 'filter')
  if (!legacy || (legacy.count <= emptyTable && !legacy.closing('FORWARD'))) return false
  return unlessUnsupported(() => tableUse(netfilter(), filterTable(family))) !== undefined
}

/**
 * The closed base chains of other programs' nftables, those of iptables excluded. Where there are no tables but ours and those that iptables
 * has, chains are not listed, as a node may have thousands: two are looked up.
 */
export function closedChains(passages: readonly Passage[]): ClosedChain[] {
  const found = unlessUnsupported(() => {
    const isListed = listTables(netfilter()).some(isForeign)
    const chains = isListed ? listBaseChains(netfilter()) : namesakes(passages)
    return chains.filter((chain) => isAt(chain, passages)).flatMap(closedOf)
  })
  return found ?? []
}

/** Chains in tables with the names of iptables', as old examples of nftables.conf have them: `table ip filter`, `chain forward`. */
function namesakes(passages: readonly Passage[]): Chain[] {
  return families.flatMap((family) =>
    passages.flatMap((passage) => findChain(netfilter(), filterTable(family), passage.toLowerCase()) ?? []),
  )
}

function isAt({ table, name, hook = -1 }: Chain, passages: readonly Passage[]): boolean {
  const numbers: number[] = passages.map((passage) => hookNumbers[passage])
  return numbers.includes(hook) && isOthers(table) && !isOfIptables(table, name)
}

function closedOf(chain: Chain): ClosedChain[] {
  const how = closingOf(netfilter(), chain)
  return how ? [{ chain, how }] : []
}

function isForeign(table: Table): boolean {
  return isOthers(table) && !hasName(table)
}

function isOthers({ family, name }: Table): boolean {
  return family !== 'bridge' && name !== ours
}

/** Whether a table has a name of iptables'. */
function hasName({ family, name }: Table): boolean {
  return family !== 'inet' && ofIptables.includes(name)
}

/** Whether a chain is built into iptables-nft. A rule of nftables in it, which iptables cannot express, would make its programs fail. */
export function isOfIptables(table: Table, chain: string): boolean {
  return hasName(table) && builtIn.includes(chain)
}
