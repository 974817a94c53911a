/**
 * Masquerading by nftables. A map sends the packets of a container's address to the chain of its subnet. A second map
 * records the addresses of each attachment, so that DEL needs only the attachment.
 */

import { hostIfname } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { type Family, families, toBytes } from '../ip/address.ts'
import type { Cidr } from '../ip/subnet.ts'
import { findElement, listElements, listRules } from '../netlink/nftables-read.ts'
import { addElement, type Element, type NamedSet } from '../netlink/nftables-sets.ts'
import { requireNftables, update } from '../netlink/nftables-transaction.ts'
import { concatenate, ifnameBytes, markBytes } from '../netlink/nftables-types.ts'
import type { Request } from '../netlink/socket.ts'
import {
  addressMap,
  attachmentMap,
  frameAdditions,
  outside,
  postrouting,
  rules,
  subnetChain,
  table,
} from './masquerade-frame.ts'
import { isUsedOnlyBy } from './our-chains.ts'
import {
  chunks,
  deletion,
  dismantle,
  expectElement,
  expectRules,
  listStale,
  netfilter,
  owner,
  replacing,
  staleIn,
  stillThere,
} from './table.ts'

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

/**
 * Removes the elements of an attachment; does nothing when it has none.
 * @param noted its addresses, where ADD has noted them: another program may have flushed the map that tells them
 */
export function remove(attachment: Attachment, noted: Cidr[]): void {
  change((family) => removal(family, attachment, [], noted))
}

/**
 * GC: removes the elements of a network's attachments that are no longer valid, in several transactions. DEL may remove
 * some of them in between.
 * @param noted the addresses of those of which ADD has noted them
 * @returns how many addresses were removed
 */
export function collect(network: string, valid: Omit<Attachment, 'network'>[], noted: Cidr[]): number {
  const isStale = staleIn(network, valid)
  return families.reduce(
    (sum, family) => sum + collectIn(family, isStale) + collectAt(family, noted, isStale),
    0,
  )
}

type IsStale = (element: Element) => boolean

/** Of a map that another program has flushed the other one tells nothing: what the notes say is looked up. */
function collectAt(family: Family, noted: Cidr[], isStale: IsStale): number {
  let count = 0
  for (const part of chunks(ofFamily(noted, family)))
    update(netfilter(), () => {
      const found = elementsAt(family, part).filter(isStale)
      count += found.length
      return deletionOf(family, found, [], chainsFor(family, part))
    })
  return count
}

function collectIn(family: Family, isStale: IsStale): number {
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
  for (const family of families) {
    const own = ofFamily(addresses, family)
    const records = own.flatMap((_, index) => recordAt(family, attachment, index) ?? [])
    for (const [index, cidr] of own.entries()) checkAddress(attachment, cidr, index, records)
  }
}

/** @param records in the order of ADD: a later plugin may have put the addresses into another one */
function checkAddress(attachment: Attachment, cidr: Cidr, index: number, records: Element[]): void {
  const { family } = cidr.address
  const chain = subnetChain(cidr)
  const isRecorded = records.some(({ value }) => value?.equals(toBytes(cidr.address)))
  for (const { set, ...element } of elements(family, attachment, cidr, index))
    if (set.name !== attachmentMap(family).name || !isRecorded) expectElement(set, element)
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
function removal(family: Family, attachment: Attachment, taken: Cidr[], noted: Cidr[] = []): Request[] {
  const records = recordsOf(family, attachment)
  const comment = owner(attachment)
  const unlisted =
    records.length > 0 ? [] : elementsAt(family, noted).filter((element) => element.comment === comment)
  const others = elementsAt(family, taken).filter((element) => element.comment !== comment)
  const addresses = [...addressElements(family, records), ...unlisted, ...others]
  return deletionOf(family, addresses, records, chainsFor(family, noted))
}

function elementsAt(family: Family, addresses: Cidr[]): Element[] {
  return ofFamily(addresses, family).flatMap(
    ({ address }) => findElement(netfilter(), addressMap(family), toBytes(address)) ?? [],
  )
}

function chainsFor(family: Family, addresses: Cidr[]): string[] {
  return [...new Set(ofFamily(addresses, family).map(subnetChain))]
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
    const record = recordAt(family, attachment, records.length)
    if (!record) return records
    records.push(record)
  }
}

function recordAt(family: Family, attachment: Attachment, index: number): Element | undefined {
  return findElement(netfilter(), attachmentMap(family), recordKey(attachment, index))
}

function recordKey(attachment: Attachment, index: number): Buffer {
  return concatenate(ifnameBytes(hostIfname(attachment)), markBytes(index))
}

/**
 * Requests that delete elements of both maps, the chains that lose their last element, and with the last chain what all
 * subnets share.
 * @param likely chains that led from addresses whose elements another program may have flushed
 */
function deletionOf(
  family: Family,
  addresses: Element[],
  records: Element[],
  likely: string[] = [],
): Request[] {
  const requests = [...deletion(addressMap(family), addresses), ...deletion(attachmentMap(family), records)]
  const chains = emptied(family, addresses, likely)
  if (chains.length === 0) return requests
  if (!isLast(family, addresses, chains)) return [...requests, ...dismantle(table(family), chains, [])]
  const sets = [addressMap(family), attachmentMap(family)]
  return [...requests, ...dismantle(table(family), [...chains, postrouting, outside], sets)]
}

/** The chains that nothing refers to without these elements. */
function emptied(family: Family, addresses: Element[], likely: string[]): string[] {
  const counts = new Map(likely.map((chain) => [chain, 0]))
  for (const { goto } of addresses) if (goto) counts.set(goto, (counts.get(goto) ?? 0) + 1)
  return [...counts].flatMap(([chain, count]) =>
    isUsedOnlyBy(table(family), chain, count, rules) ? [chain] : [],
  )
}

/** Whether nothing is left without these addresses and chains. The chain of another subnet may have been flushed, so the addresses count. */
function isLast(family: Family, addresses: Element[], chains: string[]): boolean {
  if (!isUsedOnlyBy(table(family), outside, leadingOutside(family, chains), rules)) return false
  return listElements(netfilter(), addressMap(family)).length === addresses.length
}

/** How many rules of chains lead outside: one each, unless another program has flushed them. */
function leadingOutside(family: Family, chains: string[]): number {
  const listed = chains.flatMap((chain) => listRules(netfilter(), table(family), chain))
  return listed.filter(({ leadsTo }) => leadsTo === outside).length
}

/** Requests that add an attachment's elements, and first, where missing, what all subnets share and the subnets' chains. */
function addition(family: Family, attachment: Attachment, all: Cidr[], toAdd: typeof elements): Request[] {
  const addresses = ofFamily(all, family)
  const added = addresses.flatMap((cidr, index) => toAdd(family, attachment, cidr, index))
  const used = addresses.filter(
    (cidr) => added.some(({ goto }) => goto === subnetChain(cidr)) || isLed(family, cidr),
  )
  return [
    ...(used.length > 0 ? frameAdditions(family, used) : []),
    ...added.map(({ set, ...element }) => addElement(set, element)),
  ]
}

/** Whether an address leads to the chain of its subnet. */
function isLed(family: Family, cidr: Cidr): boolean {
  return findElement(netfilter(), addressMap(family), toBytes(cidr.address))?.goto === subnetChain(cidr)
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
