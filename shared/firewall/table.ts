/** Our own table in each family: whose an element is, and how what nobody needs any more goes away. */

import { hashedName } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { deleteChain, deleteTable, type Table } from '../netlink/nftables.ts'
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

/** Everything of ours in a family is in a table of this name, and nothing of ours is anywhere else. */
export function ourTable(family: Table['family']): Table {
  return { family, name: 'patchbay' }
}

/** The room that a network's name has in a comment: the rest is for container and interface. */
const networkLength = 40

/**
 * The comment on an attachment's elements, which says whose they are: `network/containerID/ifname`.
 * What would be too long for nft ends in a hash instead.
 */
export function owner({ network, containerID, ifname }: Attachment): string {
  return shortened(`${ownerPrefix(network)}${containerID}/${ifname}`, commentLength)
}

/** What the comments of a network's attachments begin with, and no other network's. */
function ownerPrefix(network: string): string {
  return `${shortened(network, networkLength)}/`
}

/** A text of at most so many characters: the tail of a longer one is a hash of it all. `~` occurs in no name. */
function shortened(text: string, length: number): string {
  if (text.length <= length) return text
  const tail = hashedName('~', text)
  return text.slice(0, length - tail.length) + tail
}

/** Judges comments for GC: true for those of the network's attachments that are not valid any more. */
export function staleIn(network: string, valid: Omit<Attachment, 'network'>[]) {
  const prefix = ownerPrefix(network)
  const kept = new Set(valid.map((attachment) => owner({ network, ...attachment })))
  return ({ comment }: { comment?: string }) => comment?.startsWith(prefix) === true && !kept.has(comment)
}

/** Deletes chains and sets, and the table as well if it has nothing else. */
export function dismantle(table: Table, chains: string[], sets: NamedSet[]): Request[] {
  const requests = [...chains.map((chain) => deleteChain(table, chain)), ...sets.map(deleteSet)]
  return tableUse(netfilter(), table) === requests.length ? [...requests, deleteTable(table)] : requests
}

/** A message's attribute has 64 KiB and a transaction must fit the socket's buffer: a few hundred elements are safe. */
const chunk = 256

/** A list in parts that a transaction can take. */
export function chunks<T>(list: T[]): T[][] {
  const count = Math.ceil(list.length / chunk)
  return Array.from({ length: count }, (_, index) => list.slice(index * chunk, (index + 1) * chunk))
}

export function deletion(set: NamedSet, elements: Element[]): Request[] {
  return chunks(elements).map((part) => deleteElements(set, part))
}

/**
 * A set's elements that GC is to take away.
 * @throws KernelError EOPNOTSUPP when the kernel has no nf_tables: `update` knows how it says so
 */
export function listStale(set: NamedSet, isStale: (element: Element) => boolean): Element[] {
  let stale: Element[] = []
  update(netfilter(), () => {
    stale = listElements(netfilter(), set).filter(isStale)
    return []
  })
  return stale
}

/** Of elements that were listed before, those that are still there and whose they were. */
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
 * The process's socket to netfilter, in the namespace it was first asked for in. It stays open to the end: closing it
 * waits until the kernel has freed what was deleted, 10 ms or so, in which DEL has other things to do.
 */
export function netfilter(): Socket {
  socket ??= openSocket(Protocol.NETFILTER)
  return socket
}

/** @throws CniError unless a chain has so many rules */
export function expectRules(table: Table, chain: string, count: number): void {
  const found = listRules(netfilter(), table, chain).length
  if (found === count) return
  const what = `chain ${table.family} ${table.name} ${chain} has ${found} rules instead of ${count}`
  throw missing(what, `nft list chain ${table.family} ${table.name} ${chain}`)
}

/** @throws CniError unless a set has an element just so */
export function expectElement(set: NamedSet, expected: Element): void {
  const found = findElement(netfilter(), set, expected.key)
  if (found && found.goto === expected.goto && found.comment === expected.comment) return
  const where = `${set.table.family} ${set.table.name} ${set.name}`
  const key = formatKey(set.key, expected.key)
  const what = found ? `belongs to ${found.comment}, and leads to ${found.goto ?? 'nothing'}` : 'is missing'
  throw missing(`${key} ${what} in ${where}`, `nft get element ${where} { ${key} }`)
}
