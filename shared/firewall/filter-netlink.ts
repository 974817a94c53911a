/**
 * Finds and deletes the rules of iptables-nft over netlink: this is faster than its programs, and works where they are missing or refuse a
 * table that `nft` has written to.
 */

import { parseAddress, toBytes } from '../ip/address.ts'
import { deleteChain, deleteRule } from '../netlink/nftables.ts'
import { chainUse, comparedWith, listRules, type Rule } from '../netlink/nftables-read.ts'
import { update } from '../netlink/nftables-transaction.ts'
import type { Request } from '../netlink/socket.ts'
import { filterTable } from './closed-chains.ts'
import { forward, input, stages, type Wanted } from './filter-layout.ts'
import { defaultAdminChain } from './filter-record.ts'
import { netfilter } from './table.ts'

type Family = 4 | 6

/** Whether a chain of the reference's layout exists, and with it rules of containers. */
export function hasForward(family: Family): boolean {
  return chainUse(netfilter(), filterTable(family), forward) !== undefined
}

/** The rules that name one of the addresses. */
export function rulesFor(family: Family, chain: string, addresses: readonly string[]): Rule[] {
  const keys = addresses.flatMap((text) => {
    const address = parseAddress(text)
    return address?.family === family ? [toBytes(address)] : []
  })
  const names = (rule: Rule) => comparedWith(rule).some((value) => keys.some((key) => key.equals(value)))
  return keys.length === 0 ? [] : rulesOf(family, chain).filter(names)
}

function rulesOf(family: Family, chain: string): Rule[] {
  return listRules(netfilter(), filterTable(family), chain)
}

/** Deletes what `removalOf` of filter-layout.ts deletes. @param isLast as there */
export function removeByNetlink(family: Family, wanted: Wanted, isLast: boolean): void {
  const { addresses, adminChain } = wanted
  update(netfilter(), () => [
    ...containerRemoval(family, forward, addresses),
    ...containerRemoval(family, input, addresses),
    ...(isLast ? bridgeRemoval(family, wanted.through) : []),
    ...inputRemoval(family, addresses),
    ...(adminChain === defaultAdminChain ? forwardRemoval(family, addresses) : []),
  ])
}

function containerRemoval(family: Family, chain: string, addresses: readonly string[]): Request[] {
  return deletions(family, chain, rulesFor(family, chain, addresses))
}

function deletions(family: Family, chain: string, rules: readonly Rule[]): Request[] {
  return rules.map(({ handle }) => deleteRule(filterTable(family), chain, handle))
}

/** The rules for a bridge; with those of the last bridge the chains. */
function bridgeRemoval(family: Family, through = ''): Request[] {
  const all = stages.flatMap((chain) => rulesOf(family, chain).map((rule) => ({ chain, rule })))
  const own = all.filter(({ rule }) => interfacesIn(rule).includes(through))
  const others = all.filter(
    ({ rule }) => interfacesIn(rule).length > 0 && !interfacesIn(rule).includes(through),
  )
  if (others.length > 0) return own.flatMap(({ chain, rule }) => deletions(family, chain, [rule]))
  return chainsRemoval(family, 'FORWARD', stages)
}

/** The names of interfaces that a rule compares: whole ones have a terminating NUL. */
function interfacesIn(rule: Rule): string[] {
  return comparedWith(rule).flatMap((value) => {
    const end = value.indexOf(0)
    return end > 0 ? [value.toString('utf8', 0, end)] : []
  })
}

function inputRemoval(family: Family, addresses: readonly string[]): Request[] {
  const left = rulesOf(family, input).length - rulesFor(family, input, addresses).length
  return left > 0 ? [] : chainsRemoval(family, 'INPUT', [input])
}

/** The chains of all containers, when only the jump to an empty default admin chain is left. */
function forwardRemoval(family: Family, addresses: readonly string[]): Request[] {
  const gone = rulesFor(family, forward, addresses).map(({ handle }) => handle.toString('hex'))
  const left = rulesOf(family, forward).filter(({ handle }) => !gone.includes(handle.toString('hex')))
  const isEmpty = left.every(({ leadsTo }) => leadsTo === defaultAdminChain)
  if (!isEmpty || rulesOf(family, defaultAdminChain).length > 0) return []
  return chainsRemoval(family, 'FORWARD', [forward, defaultAdminChain])
}

/** Deletes chains that exist, with their rules and the jumps to them from a chain of iptables. */
function chainsRemoval(family: Family, from: string, chains: readonly string[]): Request[] {
  const table = filterTable(family)
  const existing = chains.filter((chain) => chainUse(netfilter(), table, chain) !== undefined)
  const jumps = rulesOf(family, from).filter(({ leadsTo = '' }) => existing.includes(leadsTo))
  return [...deletions(family, from, jumps), ...existing.map((chain) => deleteChain(table, chain))]
}
