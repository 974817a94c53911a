/**
 * `acceptInto`: rules in a chain of another program's nftables table, where the configuration names it. No accept in a table of our own
 * opens a chain that drops. The rules are the same for all containers, and look into sets of ours in that table: an element a container.
 */

import type { Attachment } from '../cni/plugin.ts'
import { CniError, Code } from '../error/error.ts'
import { type Family, formatAddress, fromBytes, parseAddress, toBytes } from '../ip/address.ts'
import { deleteRule, insertRule, place, type Table } from '../netlink/nftables.ts'
import { type Chain, findChain, hookNumbers } from '../netlink/nftables-chains.ts'
import { isFamily, isReply } from '../netlink/nftables-matches.ts'
import { findElement, hasSet, listElements, listRules } from '../netlink/nftables-read.ts'
import { addElement, addSet, deleteElements, deleteSet, type NamedSet } from '../netlink/nftables-sets.ts'
import {
  daddr,
  inSet,
  isDnat,
  type Statement,
  saddr,
  verdictStatement,
} from '../netlink/nftables-statements.ts'
import { ipv4Addr, ipv6Addr } from '../netlink/nftables-types.ts'
import type { Request } from '../netlink/socket.ts'
import { isOfIptables } from './closed-chains.ts'
import type { Filter, ForeignChain } from './filter-record.ts'
import { missing } from './missing.ts'
import { use } from './shared-parts.ts'
import { expectElement, netfilter, owner } from './table.ts'

/** The comment of our rules. */
const mark = 'patchbay: acceptInto'
const accept = verdictStatement('accept')

function tableOf({ family, table }: ForeignChain): Table {
  return { family, name: table }
}

/** The families of addresses that a table sees. */
function familiesOf({ family }: Table): Family[] {
  if (family === 'inet') return [4, 6]
  return [family === 'ip' ? 4 : 6]
}

function setOf(table: Table, family: Family): NamedSet {
  return { table, name: `patchbay-accept-ipv${family}`, key: [family === 4 ? ipv4Addr : ipv6Addr] }
}

/** The sets that a table may have of ours. */
export function acceptSets(table: Table): NamedSet[] {
  return table.family === 'bridge' ? [] : familiesOf(table).map((family) => setOf(table, family))
}

/** The tables of several chains, each once. */
function tablesOf(chains: readonly ForeignChain[]): Table[] {
  const tables = new Map(chains.map((chain) => [place(tableOf(chain)), tableOf(chain)]))
  return [...tables.values()]
}

/** A chain in the configuration's words. */
export function inWords(chain: ForeignChain): string {
  return `${place(tableOf(chain))} ${chain.chain}`
}

/**
 * The chain that the configuration names.
 * @param hostIngress whether containers may reach the host: a chain of the hook input is for that alone
 * @throws CniError when it is missing, or of another use
 */
function requireChain(foreign: ForeignChain, hostIngress: boolean): Chain {
  const chain = findChain(netfilter(), tableOf(foreign), foreign.chain)
  const name = inWords(foreign)
  const see = `nft list table ${place(tableOf(foreign))}`
  if (isOfIptables(tableOf(foreign), foreign.chain))
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `acceptInto: ${name} is a chain of iptables, whose programs would fail at rules of nftables: leave it out`,
      hint: 'iptables opens its own chains: without "backend", or with "iptables"',
      see,
    })
  if (!chain)
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `acceptInto: there is no chain ${name}: make it, or name the one that drops`,
      hint: 'list the chains with: nft list chains',
      see,
    })
  if (chain.hook === hookNumbers.INPUT && !hostIngress)
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `acceptInto: chain ${name} has the hook input, which is for packets to the host: set "hostIngress": "allow"`,
      hint: 'or name a chain with the hook forward',
      see,
    })
  return chain
}

/** The same for all chains. For ADD, before anything is changed. */
export function requireChains({ acceptInto, hostIngress }: Pick<Filter, 'acceptInto' | 'hostIngress'>): void {
  for (const chain of acceptInto) requireChain(chain, hostIngress)
}

/** Requests that add what is missing of an attachment's acceptance. Notes it as a user of tables and chains. */
export function addition(filter: Filter): Request[] {
  const { acceptInto, hostIngress } = filter
  const tables = tablesOf(acceptInto)
  for (const part of partsOf(filter)) use(part, filter)
  return [
    ...tables.flatMap((table) => setsAddition(table)),
    ...acceptInto.flatMap((chain) => rulesAddition(chain, requireChain(chain, hostIngress))),
    ...tables.flatMap((table) => elementsAddition(table, filter)),
  ]
}

/** What an attachment shares with others. */
export function partsOf({ acceptInto }: Filter): string[] {
  return [...tablesOf(acceptInto).map(partOfTable), ...acceptInto.map(partOfChain)]
}

const partOfTable = (table: Table) => `table ${place(table)}`
const partOfChain = (chain: ForeignChain) => `chain ${inWords(chain)}`

/** The kernel changes nothing where a set is there already: the request is no exclusive one. */
function setsAddition(table: Table): Request[] {
  return familiesOf(table).map((family) => addSet(setOf(table, family)))
}

/** Our rules first in the chain: others may drop. */
function rulesAddition(foreign: ForeignChain, { hook }: Chain): Request[] {
  const table = tableOf(foreign)
  const rules = familiesOf(table).flatMap((family) => rulesOf(table, family, hook))
  const found = ourRules(foreign)
  if (found.length >= rules.length) return []
  return [
    ...found.map(({ handle }) => deleteRule(table, foreign.chain, handle)),
    ...rules.map((rule) => insertRule(table, foreign.chain, rule, mark)),
  ]
}

/** What containers send passes; of what is sent to them, the answers, and what was led to them, as by a host port. */
function rulesOf(table: Table, family: Family, hook: number | undefined): Statement[][] {
  const set = setOf(table, family).name
  const first = table.family === 'inet' ? [isFamily(family)] : []
  const replies = [...first, inSet([daddr[family]], set), isReply, accept]
  const led = [...first, inSet([daddr[family]], set), isDnat, accept]
  const sent = [...first, inSet([saddr[family]], set), accept]
  return hook === hookNumbers.INPUT ? [sent] : [replies, led, sent]
}

function ourRules(foreign: ForeignChain) {
  return listRules(netfilter(), tableOf(foreign), foreign.chain).filter(({ comment }) => comment === mark)
}

function elementsAddition(table: Table, filter: Filter): Request[] {
  const comment = owner(filter)
  return elementsOf(table, filter).flatMap(({ set, key }) => {
    const found = findElement(netfilter(), set, key)
    if (found?.comment === comment) return []
    return [...(found ? [deleteElements(set, [found])] : []), addElement(set, { key, comment })]
  })
}

/** An attachment's addresses as keys of a table's sets. */
function elementsOf(table: Table, { addresses }: Filter): { set: NamedSet; key: Buffer }[] {
  return addresses.flatMap((text) => {
    const address = parseAddress(text)
    if (!address || !familiesOf(table).includes(address.family)) return []
    return [{ set: setOf(table, address.family), key: toBytes(address) }]
  })
}

/** Requests that remove an attachment's elements, and of what has no users all. Others may have removed their table meanwhile. */
export function removal(filter: Filter, unused: readonly string[]): Request[] {
  const { acceptInto } = filter
  const idle = acceptInto.filter((chain) => unused.includes(partOfChain(chain)))
  return [
    ...idle.flatMap((chain) =>
      ourRules(chain).map(({ handle }) => deleteRule(tableOf(chain), chain.chain, handle)),
    ),
    ...tablesOf(acceptInto).flatMap((table) => elementsRemoval(table, filter)),
    ...tablesOf(acceptInto).flatMap((table) =>
      unused.includes(partOfTable(table)) ? setsRemoval(table) : [],
    ),
  ]
}

function elementsRemoval(table: Table, filter: Filter): Request[] {
  const comment = owner(filter)
  return elementsOf(table, filter).flatMap(({ set, key }) => {
    const found = findElement(netfilter(), set, key)
    return found?.comment === comment ? [deleteElements(set, [found])] : []
  })
}

function setsRemoval(table: Table): Request[] {
  return familiesOf(table)
    .map((family) => setOf(table, family))
    .filter((set) => hasSet(netfilter(), set))
    .map(deleteSet)
}

/** The addresses of an attachment in the tables of chains, by the comments of all. */
export function findAddresses(attachment: Attachment, chains: readonly ForeignChain[]): string[] {
  const comment = owner(attachment)
  return tablesOf(chains).flatMap((table) =>
    familiesOf(table)
      .flatMap((family) => listElements(netfilter(), setOf(table, family)))
      .filter((element) => element.comment === comment)
      .map(({ key }) => formatAddress(fromBytes(key))),
  )
}

/** @throws CniError that names the missing element or rule */
export function check(filter: Filter): void {
  for (const foreign of filter.acceptInto) {
    const chain = requireChain(foreign, true)
    const table = tableOf(foreign)
    const expected = familiesOf(table).flatMap((family) => rulesOf(table, family, chain.hook)).length
    const found = ourRules(foreign).length
    if (found < expected)
      throw missing(
        `chain ${inWords(foreign)} has ${found} rules of acceptInto instead of ${expected}`,
        `nft list chain ${inWords(foreign)}`,
      )
  }
  for (const table of tablesOf(filter.acceptInto))
    for (const { set, key } of elementsOf(table, filter)) expectElement(set, { key, comment: owner(filter) })
}
