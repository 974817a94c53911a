/**
 * Masquerading by nftables. A container's address is one element of a map, which leads its packets to the chain of
 * its subnet; a second map remembers an attachment's addresses, so that DEL needs nothing but the attachment.
 */

import { hostIfname } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { toBytes } from '../ip/address.ts'
import { type Cidr, formatCidr, subnetOf } from '../ip/subnet.ts'
import { addChain, addRule, addTable, deleteChain } from '../netlink/nftables.ts'
import { chainUse, findElement } from '../netlink/nftables-read.ts'
import { addElement, addSet, type Element, type NamedSet } from '../netlink/nftables-sets.ts'
import { daddr, goto, inSubnet, masquerade, saddr, say, vmap } from '../netlink/nftables-statements.ts'
import { update, verify } from '../netlink/nftables-transaction.ts'
import {
  concatenate,
  ifname,
  ifnameBytes,
  ipv4Addr,
  ipv6Addr,
  mark,
  markBytes,
} from '../netlink/nftables-types.ts'
import type { Request } from '../netlink/socket.ts'
import {
  chunks,
  deletion,
  dismantle,
  expectElement,
  expectRules,
  listStale,
  netfilter,
  ourTable,
  owner,
  staleIn,
  stillThere,
} from './table.ts'

type Family = 4 | 6
const families: Family[] = [4, 6]

/** The base chain, at the place of source NAT. */
const postrouting = 'masquerade-postrouting'
/** Where all subnets' packets to the outside end up. */
const outside = 'masquerade-outside'
/** NF_IP_PRI_NAT_SRC, include/uapi/linux/netfilter_ipv4.h. */
const srcnat = 100
/** `chainUse` of a chain that nothing leads to: its own rules. */
const rules = 2

const multicast: Record<Family, Cidr> = {
  4: { address: { family: 4, value: 224n << 24n }, prefix: 4 },
  6: { address: { family: 6, value: 0xffn << 120n }, prefix: 8 },
}

function table(family: Family) {
  return ourTable(family === 4 ? 'ip' : 'ip6')
}

/** Container address -> chain of its subnet. */
function addressMap(family: Family): NamedSet {
  const key = [family === 4 ? ipv4Addr : ipv6Addr]
  return { table: table(family), name: 'masquerade-addresses', key, value: 'verdict' }
}

/** Attachment (by the name of its host's interface) and a running number -> its addresses. */
function attachmentMap(family: Family): NamedSet {
  const value = family === 4 ? ipv4Addr : ipv6Addr
  return { table: table(family), name: 'masquerade-attachments', key: [ifname, mark], value }
}

/** The chain of a subnet, `masquerade-10.1.0.0/16`. nft reads no colons in names: underscores stand for them. */
export function subnetChain(cidr: Cidr): string {
  return `masquerade-${formatCidr(subnetOf(cidr)).replaceAll(':', '_')}`
}

/** Masquerades what comes from these addresses and leaves their subnets. What claimed the addresses before gives way. */
export function add(attachment: Attachment, addresses: Cidr[]): void {
  change((family) => eviction(family, attachment, addresses))
  change((family) => introduction(family, attachment, addresses))
}

/** Forgets an attachment. Unknown ones cost a look-up in each family. */
export function remove(attachment: Attachment): void {
  change((family) => eviction(family, attachment, []))
}

/**
 * Forgets the attachments of a network that are not valid any more, in transactions of a few hundred: DEL may
 * come for some in between.
 * @returns how many elements went
 */
export function collect(network: string, valid: Omit<Attachment, 'network'>[]): number {
  const isStale = staleIn(network, valid)
  return families.reduce((sum, family) => sum + collectIn(family, isStale), 0)
}

function collectIn(family: Family, isStale: (element: Element) => boolean): number {
  const stale = listStale(attachmentMap(family), isStale)
  // An attachment's numbers downwards: should this end halfway, DEL still finds the others, which it counts from 0.
  stale.sort((one, other) => Buffer.compare(other.key, one.key))
  return chunks(stale).reduce((sum, part) => sum + withdraw(family, part), 0)
}

/** Takes away what is still there of records, and their claims. @returns how many claims */
function withdraw(family: Family, listed: Element[]): number {
  let count = 0
  update(netfilter(), () => {
    const records = stillThere(attachmentMap(family), listed)
    const claims = claimsOf(family, records)
    count = claims.length
    return withdrawal(family, claims, records)
  })
  return count
}

/** @throws CniError naming what is missing of what `add` did */
export function check(attachment: Attachment, addresses: Cidr[]): void {
  for (const family of families)
    for (const cidr of ofFamily(addresses, family)) checkAddress(attachment, cidr)
}

function checkAddress(attachment: Attachment, cidr: Cidr): void {
  const { family } = cidr.address
  const [chain, comment] = [subnetChain(cidr), owner(attachment)]
  expectElement(addressMap(family), { key: toBytes(cidr.address), goto: chain, comment })
  expectRules(table(family), chain, rules)
  expectRules(table(family), outside, rules)
  expectRules(table(family), postrouting, 1)
}

/** @throws KernelError saying why the kernel could not masquerade this way; nothing is changed */
export function tryOut(): void {
  verify(netfilter(), frame(4))
}

/** Both families in one transaction. */
function change(plan: (family: Family) => Request[]): void {
  update(netfilter(), () => families.flatMap(plan))
}

function ofFamily(addresses: Cidr[], family: Family): Cidr[] {
  return addresses.filter(({ address }) => address.family === family)
}

/** What takes away an attachment's elements, and any that are at addresses which it is about to take. */
function eviction(family: Family, attachment: Attachment, taken: Cidr[]): Request[] {
  const records = recordsOf(family, attachment)
  const comment = owner(attachment)
  const others = ofFamily(taken, family)
    .map(({ address }) => findElement(netfilter(), addressMap(family), toBytes(address)))
    .filter((claim) => claim !== undefined && claim.comment !== comment)
  return withdrawal(family, [...claimsOf(family, records), ...(others as Element[])], records)
}

/** The addresses of records, but for those that somebody else has taken over. */
function claimsOf(family: Family, records: Element[]): Element[] {
  const asked = records.map(({ value, comment }) => ({ key: value as Buffer, comment }))
  return stillThere(addressMap(family), asked)
}

/** What the map of attachments has for one: as many as there are running numbers. */
function recordsOf(family: Family, attachment: Attachment): Element[] {
  const records: Element[] = []
  for (;;) {
    const record = findElement(netfilter(), attachmentMap(family), recordKey(attachment, records.length))
    if (!record) return records
    records.push(record)
  }
}

function recordKey(attachment: Attachment, index: number): Buffer {
  return concatenate(ifnameBytes(hostIfname(attachment)), markBytes(index))
}

/** What deletes elements of both maps, with the chains that lose their last element, and the frame with its last chain. */
function withdrawal(family: Family, claims: Element[], records: Element[]): Request[] {
  const requests = [...deletion(addressMap(family), claims), ...deletion(attachmentMap(family), records)]
  const chains = emptied(family, claims)
  if (chains.length === 0) return requests
  if (chainUse(netfilter(), table(family), outside) !== rules + chains.length)
    return [...requests, ...chains.map((chain) => deleteChain(table(family), chain))]
  const sets = [addressMap(family), attachmentMap(family)]
  return [...requests, ...dismantle(table(family), [...chains, postrouting, outside], sets)]
}

/** The chains that nothing leads to without these elements. */
function emptied(family: Family, claims: Element[]): string[] {
  const counts = new Map<string, number>()
  for (const { goto } of claims) if (goto) counts.set(goto, (counts.get(goto) ?? 0) + 1)
  return [...counts].flatMap(([chain, count]) =>
    chainUse(netfilter(), table(family), chain) === rules + count ? [chain] : [],
  )
}

/** What adds an attachment's elements, below them the chains of its subnets, and below those the frame, where missing. */
function introduction(family: Family, attachment: Attachment, all: Cidr[]): Request[] {
  const addresses = ofFamily(all, family)
  if (addresses.length === 0) return []
  const has = (chain: string) => chainUse(netfilter(), table(family), chain) !== undefined
  const subnets = new Map(addresses.map((cidr) => [subnetChain(cidr), subnetOf(cidr)]))
  return [
    ...(has(postrouting) ? [] : frame(family)),
    ...[...subnets].flatMap(([chain, subnet]) => (has(chain) ? [] : subnetRules(family, chain, subnet))),
    ...addresses.flatMap((cidr, index) => elements(family, attachment, cidr, index)),
  ]
}

/** What all subnets share. */
function frame(family: Family): Request[] {
  const own = table(family)
  return [
    addTable(own),
    addSet(addressMap(family)),
    addSet(attachmentMap(family)),
    addChain(own, outside),
    addRule(own, outside, [inSubnet(daddr[family], multicast[family]), say('return')]),
    addRule(own, outside, [masquerade]),
    addChain(own, postrouting, { type: 'nat', hook: 'postrouting', priority: srcnat }),
    addRule(own, postrouting, [vmap([saddr[family]], addressMap(family).name)]),
  ]
}

/** Neighbours see each other as they are; all else leaves in disguise. */
function subnetRules(family: Family, chain: string, subnet: Cidr): Request[] {
  const own = table(family)
  return [
    addChain(own, chain),
    addRule(own, chain, [inSubnet(daddr[family], subnet), say('return')]),
    addRule(own, chain, [goto(outside)]),
  ]
}

function elements(family: Family, attachment: Attachment, cidr: Cidr, index: number): Request[] {
  const address = toBytes(cidr.address)
  const comment = owner(attachment)
  return [
    addElement(addressMap(family), { key: address, goto: subnetChain(cidr), comment }),
    addElement(attachmentMap(family), { key: recordKey(attachment, index), value: address, comment }),
  ]
}
