/**
 * `ingressPolicy` by nftables. A packet from a bridge with a policy to another one with a policy is dropped, and where the policy is
 * `isolated` also one that comes back to its own bridge. What passes within a bridge is the subject of isolation-ports.ts.
 */

import { hashedName } from '../cni/identity.ts'
import { parseAddress, toBytes } from '../ip/address.ts'
import { addTable, deleteChain } from '../netlink/nftables.ts'
import { chainNamesOf } from '../netlink/nftables-chains.ts'
import { isFamily, isInterface, oifname } from '../netlink/nftables-matches.ts'
import { chainUse, findElement, hasSet, listElements } from '../netlink/nftables-read.ts'
import { addElement, addSet, deleteElements, type NamedSet } from '../netlink/nftables-sets.ts'
import {
  daddr,
  goto,
  iifname,
  inSet,
  isDnat,
  saddr,
  verdictStatement,
  vmap,
} from '../netlink/nftables-statements.ts'
import { concatenate, ifname, ifnameBytes, ipv4Addr, ipv6Addr } from '../netlink/nftables-types.ts'
import type { Request } from '../netlink/socket.ts'
import type { Filter } from './filter-record.ts'
import * as ports from './isolation-ports.ts'
import { type OurChain, restoration } from './our-chains.ts'
import { use } from './shared-parts.ts'
import { dismantle, expectElement, expectRules, netfilter, ourTable, owner } from './table.ts'

const table = ourTable('inet')
const prefix = 'isolation-'
const forward = `${prefix}forward`
const between = `${prefix}between`
/** NF_IP_PRI_FILTER, include/uapi/linux/netfilter_ipv4.h. */
const filter = 0

/** The interfaces with a policy. */
const interfaces: NamedSet = { table, name: 'isolation-interfaces', key: [ifname] }
/** Interface with a policy -> its chain. */
const chains: NamedSet = { table, name: 'isolation-chains', key: [ifname], value: 'verdict' }
/** Pairs of interfaces, of which each is the same twice: what is within an isolated bridge. */
const within: NamedSet = { table, name: 'isolation-within', key: [ifname, ifname] }
/** Addresses of isolated containers, each twice: a container reaches itself by its host port. */
const self: Record<4 | 6, NamedSet> = {
  4: { table, name: 'isolation-self-ipv4', key: [ipv4Addr, ipv4Addr] },
  6: { table, name: 'isolation-self-ipv6', key: [ipv6Addr, ipv6Addr] },
}
/** The sets whose elements name an attachment. */
export const selfSets = [self[4], self[6]]
const sets = [interfaces, chains, within, ...selfSets]

/** The chain of an interface. A name that nft could not read in its listing is replaced by a hash. */
export function interfaceChain(name: string): string {
  return `${prefix}of-${/^[\w.-]+$/.test(name) ? name : hashedName('', name)}`
}

/** What of an attachment's isolation is nftables': its interface, unless iptables isolates that, and its port. */
function scopeOf({ policy, through, port, backEnd }: Filter) {
  const isIsolated = policy === 'isolated'
  return {
    through: policy === 'open' || backEnd === 'iptables' ? undefined : through,
    isIsolated,
    port: isIsolated ? port : undefined,
  }
}

/** Requests that add what is missing of an attachment's isolation. Notes it as a user of what it shares. */
export function addition(filter: Filter): Request[] {
  const { through, isIsolated, port } = scopeOf(filter)
  for (const part of partsOf(filter)) use(part, filter)
  return [
    ...(through === undefined ? [] : interfaceAddition(through)),
    ...(isIsolated && through !== undefined ? [...pairAddition(through), ...selfAddition(filter)] : []),
    ...(port === undefined ? [] : ports.addition(port, owner(filter))),
  ]
}

/** What an attachment shares with others. */
export function partsOf(filter: Filter): string[] {
  const { through, isIsolated, port } = scopeOf(filter)
  return [
    ...(through === undefined ? [] : ['isolation', `interface ${through}`]),
    ...(isIsolated && through !== undefined ? [`within ${through}`] : []),
    ...(port === undefined ? [] : ['ports']),
  ]
}

/** Requests that add what is missing of the chains that an interface needs, and of the sets. */
function frameAdditions(name: string): Request[] {
  const missing = restoration(table, [...sharedChains(), chainOf(name)])
  return missing.length > 0 ? [addTable(table), ...sets.map(addSet), ...missing] : []
}

function sharedChains(): OurChain[] {
  const drop = verdictStatement('drop')
  return [
    { name: between, rules: [[inSet([oifname], interfaces.name), drop]] },
    {
      name: forward,
      hook: { type: 'filter', hook: 'forward', priority: filter },
      rules: [
        toSelf(4),
        toSelf(6),
        [inSet([iifname, oifname], within.name), drop],
        [vmap([iifname], chains.name)],
      ],
      referrers: 0,
    },
  ]
}

/** Within the interface packets pass; to other interfaces with a policy they do not. */
function chainOf(name: string): OurChain {
  const toItself = [isInterface(oifname, name), verdictStatement('return')]
  return { name: interfaceChain(name), rules: [toItself, [goto(between)]] }
}

/** What a container sends to its own host port comes back to it. */
function toSelf(family: 4 | 6) {
  const pair = inSet([saddr[family], daddr[family]], self[family].name)
  return [isFamily(family), isDnat, pair, verdictStatement('accept')]
}

function interfaceAddition(name: string): Request[] {
  const key = ifnameBytes(name)
  const chain = interfaceChain(name)
  return [
    ...frameAdditions(name),
    ...(has(interfaces, key) ? [] : [addElement(interfaces, { key })]),
    ...(has(chains, key) ? [] : [addElement(chains, { key, goto: chain })]),
  ]
}

function pairAddition(name: string): Request[] {
  const key = pairOf(name)
  return has(within, key) ? [] : [addElement(within, { key })]
}

function pairOf(name: string): Buffer {
  return concatenate(ifnameBytes(name), ifnameBytes(name))
}

function has(set: NamedSet, key: Buffer): boolean {
  return findElement(netfilter(), set, key) !== undefined
}

/** A container that had an address before may have left its element. */
function selfAddition(filter: Filter): Request[] {
  const comment = owner(filter)
  return selfElements(filter).flatMap(({ set, key }) => {
    const found = findElement(netfilter(), set, key)
    if (found?.comment === comment) return []
    return [...(found ? [deleteElements(set, [found])] : []), addElement(set, { key, comment })]
  })
}

function selfElements({ addresses }: Filter): { set: NamedSet; key: Buffer }[] {
  return addresses.flatMap((text) => {
    const address = parseAddress(text)
    return address
      ? { set: self[address.family], key: Buffer.concat([toBytes(address), toBytes(address)]) }
      : []
  })
}

/** Requests that remove an attachment's isolation. @param unused the parts without users */
export function removal(filter: Filter, unused: readonly string[]): Request[] {
  const { through, port } = scopeOf(filter)
  const isUnused = (part: string) => unused.includes(part)
  return [
    ...(port === undefined ? [] : ports.removal(port, owner(filter), isUnused('ports'))),
    ...(through === undefined ? [] : throughRemoval(through, isUnused)),
    ...(through === undefined || isUnused('isolation') ? [] : selfRemoval(filter)),
  ]
}

function throughRemoval(name: string, isUnused: (part: string) => boolean): Request[] {
  if (isUnused('isolation')) return frameRemoval()
  return [
    ...(isUnused(`within ${name}`) ? elementRemoval(within, pairOf(name)) : []),
    ...(isUnused(`interface ${name}`) ? interfaceRemoval(name) : []),
  ]
}

function selfRemoval(filter: Filter): Request[] {
  const comment = owner(filter)
  return selfElements(filter).flatMap(({ set, key }) => {
    const found = findElement(netfilter(), set, key)
    return found?.comment === comment ? [deleteElements(set, [found])] : []
  })
}

function interfaceRemoval(name: string): Request[] {
  const [key, chain] = [ifnameBytes(name), interfaceChain(name)]
  const own = chainUse(netfilter(), table, chain) === undefined ? [] : [deleteChain(table, chain)]
  return [...elementRemoval(interfaces, key), ...elementRemoval(chains, key), ...own]
}

/** No attachment has a policy any more: all goes, with what a killed DEL or another program has left. */
function frameRemoval(): Request[] {
  const own = chainNamesOf(netfilter(), table).filter((name) => name.startsWith(prefix))
  if (own.length === 0) return []
  const leading = listElements(netfilter(), chains)
  const elements = leading.length > 0 ? [deleteElements(chains, leading)] : []
  const inOrder = [...own.filter((name) => name !== between), ...own.filter((name) => name === between)]
  const present = sets.filter((set) => hasSet(netfilter(), set))
  return [...elements, ...dismantle(table, inOrder, present)]
}

function elementRemoval(set: NamedSet, key: Buffer): Request[] {
  const found = findElement(netfilter(), set, key)
  return found ? [deleteElements(set, [found])] : []
}

/** @throws CniError that names the missing element or rule */
export function check(filter: Filter): void {
  const { through, isIsolated, port } = scopeOf(filter)
  if (through !== undefined) checkInterface(through, isIsolated)
  if (through !== undefined && isIsolated)
    for (const { set, key } of selfElements(filter)) expectElement(set, { key, comment: owner(filter) })
  if (port !== undefined) ports.check(port, owner(filter))
}

function checkInterface(name: string, isIsolated: boolean): void {
  const [key, chain] = [ifnameBytes(name), interfaceChain(name)]
  expectRules(table, forward, 4)
  expectRules(table, between, 1)
  expectRules(table, chain, 2)
  expectElement(interfaces, { key })
  expectElement(chains, { key, goto: chain })
  if (isIsolated) expectElement(within, { key: pairOf(name) })
}
