/** Our nftables table in each family: the comments that name an element's attachment, and the deletion of unused parts. */

import { hashedName } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { isErrno } from '../kernel/errno.ts'
import { closeByHelper } from '../kernel/helper.ts'
import { deleteChain, deleteTable, type Table } from '../netlink/nftables.ts'
import { deleteCounter } from '../netlink/nftables-counters.ts'
import { findElement, listElements, listRules, tableUse } from '../netlink/nftables-read.ts'
import {
  commentLength,
  deleteElements,
  deleteSet,
  type Element,
  type NamedSet,
} from '../netlink/nftables-sets.ts'
import { update } from '../netlink/nftables-transaction.ts'
import { formatKey } from '../netlink/nftables-types.ts'
import { openSocket, Protocol, type Request, type Socket } from '../netlink/socket.ts'
import { missing } from './missing.ts'

/** All our chains and sets of a family are in this table. */
export function ourTable(family: Table['family']): Table {
  return { family, name: 'patchbay' }
}

/** The longest network name in a comment, characters. The rest is for container and interface. */
const networkLength = 40

/**
 * The comment on an attachment's elements: `network/containerID/ifname`. One that is too long for nft ends in a hash.
 */
export function owner({ network, containerID, ifname }: Attachment): string {
  return shortened(`${ownerPrefix(network)}${containerID}/${ifname}`, commentLength)
}

/** The first part of the comments of a network's attachments; no other network has the same. */
function ownerPrefix(network: string): string {
  return `${shortened(network, networkLength)}/`
}

/** A text of at most `length` characters: a longer one is cut, and ends in `~` and its hash. `~` occurs in no name. */
function shortened(text: string, length: number): string {
  if (text.length <= length) return text
  const tail = hashedName('~', text)
  return text.slice(0, length - tail.length) + tail
}

/** For GC: tells whether an element belongs to an attachment of the network that is no longer valid. */
export function staleIn(network: string, valid: Omit<Attachment, 'network'>[]) {
  const prefix = ownerPrefix(network)
  const kept = new Set(valid.map((attachment) => owner({ network, ...attachment })))
  return ({ comment }: { comment?: string }) => comment?.startsWith(prefix) === true && !kept.has(comment)
}

/** Requests that delete chains, sets and counters, and the table too if it has nothing else. */
export function dismantle(
  table: Table,
  chains: string[],
  sets: NamedSet[],
  counters: string[] = [],
): Request[] {
  const requests = [
    ...chains.map((chain) => deleteChain(table, chain)),
    ...sets.map(deleteSet),
    ...counters.map((counter) => deleteCounter(table, counter)),
  ]
  return tableUse(netfilter(), table) === requests.length ? [...requests, deleteTable(table)] : requests
}

/** Elements per message: a netlink attribute has at most 64 KiB, and a transaction must fit the socket's buffer. */
const chunk = 256

/** Splits a list into parts that fit a transaction. */
export function chunks<T>(list: T[]): T[][] {
  const count = Math.ceil(list.length / chunk)
  return Array.from({ length: count }, (_, index) => list.slice(index * chunk, (index + 1) * chunk))
}

export function deletion(set: NamedSet, elements: Element[]): Request[] {
  return chunks(elements).map((part) => deleteElements(set, part))
}

/**
 * The elements of a set that GC must delete.
 * @throws KernelError EOPNOTSUPP when the kernel has no nf_tables
 */
export function listStale(set: NamedSet, isStale: (element: Element) => boolean): Element[] {
  let stale: Element[] = []
  update(netfilter(), () => {
    stale = listElements(netfilter(), set).filter(isStale)
    return []
  })
  return stale
}

/** How often a replacement is tried: each failure is an addition by `patchbay reapply` in between. */
const attempts = 10

/** Removes elements, and then adds them anew. @throws KernelError */
export function replacing(remove: () => void, add: () => void): void {
  for (let left = attempts; ; left--) {
    remove()
    try {
      add()
      return
    } catch (error) {
      if (!isErrno(error, 'EEXIST') || left === 0) throw error
    }
  }
}

/** Those of earlier listed elements that still exist and still belong to the same attachment. */
export function stillThere(set: NamedSet, elements: Element[]): Element[] {
  return elements
    .map(({ key, comment }) => {
      const found = findElement(netfilter(), set, key)
      return found?.comment === comment ? found : undefined
    })
    .filter((found) => found !== undefined)
}

let socket: Socket | undefined

/**
 * The process's socket to netfilter, opened on first use in the namespace of that moment. It stays open until the process
 * ends: close(2) waits about 10 ms until the kernel has freed what was deleted. If DEL makes a helper, the wait is the helper's.
 */
export function netfilter(): Socket {
  if (socket) return socket
  socket = openSocket(Protocol.NETFILTER)
  closeByHelper(socket.fd)
  return socket
}

/** @throws CniError unless a chain has this number of rules */
export function expectRules(table: Table, chain: string, count: number): void {
  const found = listRules(netfilter(), table, chain).length
  if (found === count) return
  const what = `chain ${table.family} ${table.name} ${chain} has ${found} rules instead of ${count}`
  throw missing(what, `nft list chain ${table.family} ${table.name} ${chain}`)
}

/**
 * @param found the set's element with the same key, where it was looked up before
 * @throws CniError unless a set has the element, with the same comment, and the same chain or value
 */
export function expectElement(
  set: NamedSet,
  expected: Element,
  found = findElement(netfilter(), set, expected.key),
): void {
  if (
    found &&
    found.goto === expected.goto &&
    found.comment === expected.comment &&
    hasValue(found, expected)
  )
    return
  const where = `${set.table.family} ${set.table.name} ${set.name}`
  const key = formatKey(set.key, expected.key)
  const leadsTo =
    found?.goto ?? (found?.value && typeof set.value === 'object' ? set.value.format(found.value) : 'nothing')
  const what = found ? `belongs to ${found.comment}, and leads to ${leadsTo}` : 'is missing'
  throw missing(`${key} ${what} in ${where}`, `nft get element ${where} { ${key} }`)
}

function hasValue({ value }: Element, { value: wanted }: Element): boolean {
  return wanted === undefined || value?.equals(wanted) === true
}
