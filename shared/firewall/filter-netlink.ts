/**
 * Finds and deletes the rules of iptables-nft over netlink: this is faster than its programs, and works where they are missing or refuse a
 * table that `nft` has written to.
 */

import { type Family, parseAddress, toBytes } from '../ip/address.ts'
import { deleteChain, deleteRule } from '../netlink/nftables.ts'
import { chainUse, comparedWith, listRules, type Rule } from '../netlink/nftables-read.ts'
import { update } from '../netlink/nftables-transaction.ts'
import type { Request } from '../netlink/socket.ts'
import { filterTable } from './closed-chains.ts'
import { input, inWords, type Last, type Wanted } from './filter-layout.ts'
import { defaultAdminChain } from './filter-record.ts'
import { forward, stages } from './filter-traces.ts'
import { netfilter } from './table.ts'

/** The rules of a chain that name one of the addresses. */
export function rulesFor(family: Family, chain: string, addresses: readonly string[]): Rule[] {
  return naming(family, listRules(netfilter(), filterTable(family), chain), addresses)
}

function naming(family: Family, rules: readonly Rule[], addresses: readonly string[]): Rule[] {
  const keys = addresses.flatMap((text) => {
    const address = parseAddress(text)
    return address?.family === family ? [toBytes(address)] : []
  })
  const mayName = ({ attributes }: Rule) => keys.some((key) => hasBytes(attributes, key))
  const names = (rule: Rule) => comparedWith(rule).some((value) => keys.some((key) => key.equals(value)))
  return rules.filter((rule) => mayName(rule) && names(rule))
}

/** A search that the engine does itself, since a chain may have thousands of rules. */
function hasBytes(bytes: Buffer, part: Buffer): boolean {
  const [first = 0] = part
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1))
    if (bytes.subarray(at, at + part.length).equals(part)) return true
  return false
}

/** A family's chains, each listed once. */
interface Chains {
  family: Family
  rulesOf(chain: string): readonly Rule[]
}

function chainsOf(family: Family): Chains {
  const listed = new Map<string, readonly Rule[]>()
  return {
    family,
    rulesOf(chain) {
      const rules = listed.get(chain) ?? listRules(netfilter(), filterTable(family), chain)
      listed.set(chain, rules)
      return rules
    },
  }
}

/**
 * Whether a container's rules can be appended without a look at the table by `iptables-save`: what containers share is there, and nothing for
 * its addresses. Only of containers without a policy.
 */
export function isReady(family: Family, { addresses, adminChain, policy, hostIngress }: Wanted): boolean {
  if (policy !== 'open' || hostIngress) return false
  const { rulesOf } = chainsOf(family)
  const leads = (from: string, to: string) => rulesOf(from).some(({ leadsTo }) => leadsTo === to)
  const isNamed = (chain: string) => naming(family, rulesOf(chain), addresses).length > 0
  return leads('FORWARD', forward) && leads(forward, adminChain) && !isNamed(forward) && !isNamed(input)
}

/** Deletes what `removalOf` of filter-layout.ts deletes, of all families in one transaction. */
export function removeByNetlink(families: readonly Family[], wanted: Wanted, last: Last): void {
  update(netfilter(), () => families.flatMap((family) => removal(chainsOf(family), wanted, last)))
}

function removal(chains: Chains, wanted: Wanted, last: Last): Request[] {
  const { addresses, adminChain } = wanted
  const { family, rulesOf } = chains
  const own = naming(family, rulesOf(forward), addresses)
  const ofInput = naming(family, rulesOf(input), addresses)
  return [
    ...deletions(family, forward, own),
    ...deletions(family, input, ofInput),
    ...(last ? bridgeRemoval(chains, wanted, last) : []),
    ...(rulesOf(input).length > ofInput.length ? [] : chainsRemoval(chains, 'INPUT', [input])),
    ...(adminChain === defaultAdminChain ? forwardRemoval(chains, own) : []),
  ]
}

function deletions(family: Family, chain: string, rules: readonly Rule[]): Request[] {
  return rules.map(({ handle }) => deleteRule(filterTable(family), chain, handle))
}

/** The rules for a bridge, or those of a policy there; with those of the last bridge the chains. */
function bridgeRemoval(chains: Chains, { through = '', policy }: Wanted, last: Last): Request[] {
  const all = stages.flatMap((chain) => chains.rulesOf(chain).map((rule) => ({ chain, rule })))
  const named = all.filter(({ rule }) => interfacesIn(rule).length > 0)
  const words = Buffer.from(inWords(policy))
  const isUnused = ({ attributes }: Rule) => last === 'bridge' || hasBytes(attributes, words)
  const own = named.filter(({ rule }) => interfacesIn(rule).includes(through) && isUnused(rule))
  if (own.length === named.length) return chainsRemoval(chains, 'FORWARD', stages)
  return own.flatMap(({ chain, rule }) => deletions(chains.family, chain, [rule]))
}

/** The names of interfaces that a rule compares: whole ones have a terminating NUL. */
function interfacesIn(rule: Rule): string[] {
  return comparedWith(rule).flatMap((value) => {
    const end = value.indexOf(0)
    return end > 0 ? [value.toString('utf8', 0, end)] : []
  })
}

/** The chains of all containers, when only the jump to an empty default admin chain is left. @param gone rules that are deleted */
function forwardRemoval(chains: Chains, gone: readonly Rule[]): Request[] {
  const isLeft = (rule: Rule) => rule.leadsTo !== defaultAdminChain && !gone.includes(rule)
  if (chains.rulesOf(forward).some(isLeft) || chains.rulesOf(defaultAdminChain).length > 0) return []
  return chainsRemoval(chains, 'FORWARD', [forward, defaultAdminChain])
}

/** Deletes chains that exist, with their rules and the jumps to them from a chain of iptables. */
function chainsRemoval({ family, rulesOf }: Chains, from: string, names: readonly string[]): Request[] {
  const table = filterTable(family)
  const existing = names.filter((name) => chainUse(netfilter(), table, name) !== undefined)
  const jumps = rulesOf(from).filter(({ leadsTo = '' }) => existing.includes(leadsTo))
  return [...deletions(family, from, jumps), ...existing.map((name) => deleteChain(table, name))]
}
