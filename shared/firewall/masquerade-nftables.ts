/**
 * Masquerading by nftables. A map sends the packets of a container's address to the chain of its subnet. A second map
 * records the addresses of each attachment, so that DEL needs only the attachment.
 */

import { hostIfname } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { toBytes } from '../ip/address.ts'
import { type Cidr, formatCidr, subnetOf } from '../ip/subnet.ts'
import { addChain, addRule, addTable, deleteChain } from '../netlink/nftables.ts'
import { chainUse, findElement } from '../netlink/nftables-read.ts'
import { addElement, addSet, type Element, type NamedSet } from '../netlink/nftables-sets.ts'
import {
  daddr,
  goto,
  inSubnet,
  masquerade,
  saddr,
  verdictStatement,
  vmap,
} from '../netlink/nftables-statements.ts'
import { requireNftables, update } from '../netlink/nftables-transaction.ts'
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
  replacing,
  staleIn,
  stillThere,
} from './table.ts'

type Family = 4 | 6
const families: Family[] = [4, 6]

/** The base chain, at the priority of source NAT. */
const postrouting = 'masquerade-postrouting'
/** The chain that masquerades the packets that leave a subnet. */
const outside = 'masquerade-outside'
/** NF_IP_PRI_NAT_SRC, include/uapi/linux/netfilter_ipv4.h. */
const srcnat = 100
/** `chainUse` of a chain that nothing refers to: its own rules. */
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

/** Attachment (the name of its host interface) and a number from 0 -> one of its addresses. */
function attachmentMap(family: Family): NamedSet {
  const value = family === 4 ? ipv4Addr : ipv6Addr
  return { table: table(family), name: 'masquerade-attachments', key: [ifname, mark], value }
}

/** The chain of a subnet, `masquerade-10.1.0.0/16`. nft allows no colon in a name: an underscore replaces it. */
export function subnetChain(cidr: Cidr): string {
  return `masquerade-${formatCidr(subnetOf(cidr)).replaceAll(':', '_')}`
}

/** Masquerades packets from these addresses that leave their subnets. Elements of other attachments at them are replaced. */
export function add(attachment: Attachment, addresses: Cidr[]): void {
  replacing(
    () => change((family) => removal(family, attachment, addresses)),
    () => change((family) => addition(family, attachment, addresses, elements)),
  )
}

/** Adds what is missing of an attachment's elements, and changes no element that is there. */
export function addMissing(attachment: Attachment, addresses: Cidr[]): void {
  change((family) => addition(family, attachment, addresses, missingElements))
}

/** Removes the elements of an attachment; does nothing when it has none. */
export function remove(attachment: Attachment): void {
  change((family) => removal(family, attachment, []))
}

/**
 * GC: removes the elements of a network's attachments that are no longer valid, in several transactions. DEL may remove
 * some of them in between.
 * @returns how many addresses were removed
 */
export function collect(network: string, valid: Omit<Attachment, 'network'>[]): number {
  const isStale = staleIn(network, valid)
  return families.reduce((sum, family) => sum + collectIn(family, isStale), 0)
}

function collectIn(family: Family, isStale: (element: Element) => boolean): number {
  const stale = listStale(attachmentMap(family), isStale)
  // The highest numbers first: DEL counts from 0, so it still finds the rest when GC ends halfway.
  stale.sort((one, other) => Buffer.compare(other.key, one.key))
  return chunks(stale).reduce((sum, part) => sum + removeListed(family, part), 0)
}

/** Removes listed records, except those that changed since, and their addresses. @returns how many addresses */
function removeListed(family: Family, listed: Element[]): number {
  let count = 0
  update(netfilter(), () => {
    const records = stillThere(attachmentMap(family), listed)
    const own = addressElements(family, records)
    count = own.length
    return deletionOf(family, own, records)
  })
  return count
}

/** @throws CniError that names the missing element or rule */
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

/** @throws KernelError when the kernel has no nf_tables */
export function requireSupport(): void {
  requireNftables(netfilter())
}

/** Both families in one transaction. */
function change(plan: (family: Family) => Request[]): void {
  update(netfilter(), () => families.flatMap(plan))
}

function ofFamily(addresses: Cidr[], family: Family): Cidr[] {
  return addresses.filter(({ address }) => address.family === family)
}

/** Requests that delete an attachment's elements, and those of other attachments at the addresses that it is given. */
function removal(family: Family, attachment: Attachment, taken: Cidr[]): Request[] {
  const records = recordsOf(family, attachment)
  const comment = owner(attachment)
  const others = ofFamily(taken, family)
    .map(({ address }) => findElement(netfilter(), addressMap(family), toBytes(address)))
    .filter((element) => element !== undefined && element.comment !== comment)
  return deletionOf(family, [...addressElements(family, records), ...(others as Element[])], records)
}

/** The elements of the address map for records, except those that belong to another attachment now. */
function addressElements(family: Family, records: Element[]): Element[] {
  const expected = records.map(({ value, comment }) => ({ key: value as Buffer, comment }))
  return stillThere(addressMap(family), expected)
}

/** An attachment's elements of the attachment map, from number 0 to the last. */
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

/**
 * Requests that delete elements of both maps, the chains that lose their last element, and with the last chain what all
 * subnets share.
 */
function deletionOf(family: Family, addresses: Element[], records: Element[]): Request[] {
  const requests = [...deletion(addressMap(family), addresses), ...deletion(attachmentMap(family), records)]
  const chains = emptied(family, addresses)
  if (chains.length === 0) return requests
  if (chainUse(netfilter(), table(family), outside) !== rules + chains.length)
    return [...requests, ...chains.map((chain) => deleteChain(table(family), chain))]
  const sets = [addressMap(family), attachmentMap(family)]
  return [...requests, ...dismantle(table(family), [...chains, postrouting, outside], sets)]
}

/** The chains that nothing refers to without these elements. */
function emptied(family: Family, addresses: Element[]): string[] {
  const counts = new Map<string, number>()
  for (const { goto } of addresses) if (goto) counts.set(goto, (counts.get(goto) ?? 0) + 1)
  return [...counts].flatMap(([chain, count]) =>
    chainUse(netfilter(), table(family), chain) === rules + count ? [chain] : [],
  )
}

/** Requests that add an attachment's elements, and first, where missing, what all subnets share and the subnets' chains. */
function addition(family: Family, attachment: Attachment, all: Cidr[], toAdd: typeof elements): Request[] {
  const addresses = ofFamily(all, family)
  const added = addresses.flatMap((cidr, index) => toAdd(family, attachment, cidr, index))
  if (added.length === 0) return []
  const has = (chain: string) => chainUse(netfilter(), table(family), chain) !== undefined
  const used = addresses.filter((cidr) => added.some(({ goto }) => goto === subnetChain(cidr)))
  const subnets = new Map(used.map((cidr) => [subnetChain(cidr), subnetOf(cidr)]))
  return [
    ...(has(postrouting) ? [] : sharedRules(family)),
    ...[...subnets].flatMap(([chain, subnet]) => (has(chain) ? [] : subnetRules(family, chain, subnet))),
    ...added.map(({ set, ...element }) => addElement(set, element)),
  ]
}

/** Requests that add what all subnets share. */
function sharedRules(family: Family): Request[] {
  const own = table(family)
  return [
    addTable(own),
    addSet(addressMap(family)),
    addSet(attachmentMap(family)),
    addChain(own, outside),
    addRule(own, outside, [inSubnet(daddr[family], multicast[family]), verdictStatement('return')]),
    addRule(own, outside, [masquerade]),
    addChain(own, postrouting, { type: 'nat', hook: 'postrouting', priority: srcnat }),
    addRule(own, postrouting, [vmap([saddr[family]], addressMap(family).name)]),
  ]
}

/** Traffic within the subnet keeps its source; the rest is masqueraded. */
function subnetRules(family: Family, chain: string, subnet: Cidr): Request[] {
  const own = table(family)
  return [
    addChain(own, chain),
    addRule(own, chain, [inSubnet(daddr[family], subnet), verdictStatement('return')]),
    addRule(own, chain, [goto(outside)]),
  ]
}

/** An element and its set. */
interface Placed extends Element {
  set: NamedSet
}

/** The elements of an attachment's address: the address, and its record. */
function elements(family: Family, attachment: Attachment, cidr: Cidr, index: number): Placed[] {
  const address = toBytes(cidr.address)
  const comment = owner(attachment)
  return [
    { set: addressMap(family), key: address, goto: subnetChain(cidr), comment },
    { set: attachmentMap(family), key: recordKey(attachment, index), value: address, comment },
  ]
}

/** Those that are missing; none when the attachment has got another address since. An address that another attachment has got stays. */
function missingElements(family: Family, attachment: Attachment, cidr: Cidr, index: number): Placed[] {
  const found = findElement(netfilter(), attachmentMap(family), recordKey(attachment, index))
  if (found && found.value?.equals(toBytes(cidr.address)) !== true) return []
  return elements(family, attachment, cidr, index).filter(
    ({ set, key }) => findElement(netfilter(), set, key) === undefined,
  )
}
