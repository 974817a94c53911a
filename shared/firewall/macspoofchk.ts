/**
 * `macspoofchk`: drops the frames that a container sends from another MAC address than its own, at its bridge port.
 * A map sends the frames of a checked port to a chain, which looks up port and MAC address in a set.
 */

import { hostIfname } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { formatMac, parseMac } from '../ip/mac.ts'
import { isErrno } from '../kernel/errno.ts'
import { addTable } from '../netlink/nftables.ts'
import { findElement } from '../netlink/nftables-read.ts'
import { addElement, addSet, type Element, type NamedSet } from '../netlink/nftables-sets.ts'
import { etherSaddr, iifname, inSet, verdictStatement, vmap } from '../netlink/nftables-statements.ts'
import { update } from '../netlink/nftables-transaction.ts'
import { concatenate, etherAddr, ifname, ifnameBytes } from '../netlink/nftables-types.ts'
import type { Request } from '../netlink/socket.ts'
import type { Note } from '../state/noted.ts'
import { isUsedOnlyBy, type OurChain, restoration } from './our-chains.ts'
import * as reference from './reference-macspoofchk.ts'
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
import { unlessUnsupported } from './unsupported.ts'

const table = ourTable('bridge')
const prerouting = 'macspoofchk-prerouting'
const verification = 'macspoofchk-verify'
/** The rules of that chain. */
const rules = 2
/** Before all other hooks of the bridge family; the reference uses the same priority. */
const priority = -300

/** Checked port -> chain. */
const ports: NamedSet = { table, name: 'macspoofchk-ports', key: [ifname], value: 'verdict' }
/** The allowed pairs of port and MAC address. */
const allowed: NamedSet = { table, name: 'macspoofchk-allowed', key: [ifname, etherAddr] }
/** Port -> its MAC address, for DEL, whose request does not have it. */
const addresses: NamedSet = { table, name: 'macspoofchk-addresses', key: [ifname], value: etherAddr }

/** The sets, whose elements all name an attachment. */
export const sets: readonly NamedSet[] = [ports, allowed, addresses]

/**
 * Allows frames from one MAC address only at a port.
 * @param port the host's end of the container's interface: `hostIfname(attachment)`, by which DEL finds it
 * @throws KernelError
 */
export async function addMacSpoofCheck(attachment: Attachment, port: string, mac: string): Promise<void> {
  const added = elementsOf(attachment, port, mac)
  replacing(
    () => removing(() => recordsOf(ifnameBytes(port))),
    () => change(() => addition(added)),
  )
}

/** What is noted of an attachment for `reapplyMacSpoofCheck`. */
export function macSpoofCheckNote(port: string, mac: string): string {
  return `${port} ${mac}`
}

/** `patchbay reapply`: adds what is missing of what an ADD has noted. The caller holds the feature's lock. @throws KernelError */
export async function reapplyMacSpoofCheck({ more, ...attachment }: Note): Promise<void> {
  const [port, mac] = more.split(' ')
  if (port && mac) change(() => addition(missingElements(attachment, port, mac)))
}

/** Those that are missing; none when the port has got another address since. */
function missingElements(attachment: Attachment, port: string, mac: string): Placed[] {
  const [record] = recordsOf(ifnameBytes(port))
  if (record && record.value?.equals(macBytes(mac)) !== true) return []
  return elementsOf(attachment, port, mac).filter(
    ({ set, key }) => findElement(netfilter(), set, key) === undefined,
  )
}

/**
 * Removes the check of an attachment's port, ours or the reference's; does nothing when there is none.
 * @param attachment with what `macSpoofCheckNote` made, if ADD has noted it
 */
export async function removeMacSpoofCheck(attachment: Attachment & { more?: string }): Promise<void> {
  const key = ifnameBytes(hostIfname(attachment))
  const records = () => {
    const listed = recordsOf(key)
    return listed.length > 0 ? listed : notedRecords(attachment)
  }
  unlessUnsupported(() => removing(records, () => reference.removal(attachment)))
}

/** What a note says that the map of addresses had, which another program has flushed. */
function notedRecords({ more = '', ...attachment }: Attachment & { more?: string }): Element[] {
  const [port, mac] = more.split(' ')
  if (!port || !mac) return []
  const found = findElement(netfilter(), allowed, concatenate(ifnameBytes(port), macBytes(mac)))
  return found?.comment === owner(attachment) ? [{ key: ifnameBytes(port), value: macBytes(mac) }] : []
}

/** @throws CniError that names the missing element or rule */
export async function checkMacSpoofCheck(attachment: Attachment, port: string, mac: string): Promise<void> {
  try {
    checkOurs(attachment, port, mac)
  } catch (error) {
    if (!unlessUnsupported(() => reference.has(attachment))) throw error
    reference.check(attachment, port, macBytes(mac))
  }
}

/** The MAC address that ADD, ours or the reference's, allowed at an attachment's port; undefined when neither did. */
export function allowedMac(attachment: Attachment, port: string): string | undefined {
  const allowed = unlessUnsupported(
    () => recordsOf(ifnameBytes(port))[0]?.value ?? reference.allowed(attachment),
  )
  return allowed && formatMac(allowed)
}

function checkOurs(attachment: Attachment, port: string, mac: string): void {
  for (const { set, ...element } of elementsOf(attachment, port, mac)) expectElement(set, element)
  checkChains()
}

/** @throws CniError unless the chains have their rules */
export function checkChains(): void {
  expectRules(table, verification, rules)
  expectRules(table, prerouting, 1)
}

/** The elements that a note of `macSpoofCheckNote` tells of. */
export function notedElements({ more, ...attachment }: Note): Placed[] {
  const [port, mac] = more.split(' ')
  return port && mac ? elementsOf(attachment, port, mac) : []
}

/**
 * GC: removes the checks of a network's attachments that are no longer valid, in several transactions.
 * @param noted those of them that ADD has noted
 * @returns how many
 */
export async function collectMacSpoofCheck(
  network: string,
  valid: Omit<Attachment, 'network'>[],
  noted: Note[] = [],
): Promise<number> {
  let collected = 0
  unlessUnsupported(() => {
    const stale = listStale(addresses, staleIn(network, valid))
    for (const part of chunks(stale)) collected += removeListed(part)
    for (const part of chunks(noted)) removing(() => part.flatMap(notedRecords))
    collected += reference.collect(valid)
  })
  return collected
}

/** Removes listed ports, except those that changed since. @returns how many */
function removeListed(listed: Element[]): number {
  let count = 0
  removing(() => {
    const records = stillThere(addresses, listed)
    count = records.length
    return records
  })
  return count
}

function change(plan: () => Request[]): void {
  update(netfilter(), plan)
}

function macBytes(mac: string): Buffer {
  return parseMac(mac) ?? Buffer.alloc(etherAddr.length)
}

function recordsOf(key: Buffer): Element[] {
  const record = findElement(netfilter(), addresses, key)
  return record ? [record] : []
}

/** Deletes ports by their records. @param more requests of the same transaction */
function removing(records: () => Element[], more: () => Request[] = () => []): void {
  try {
    change(() => [...removal(records()), ...more()])
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
    // Another program has flushed a map: what is there is looked up first.
    const isThere: IsThere = (set, { key }) => findElement(netfilter(), set, key) !== undefined
    change(() => [...removal(records(), isThere), ...more()])
  }
}

type IsThere = (set: NamedSet, element: Element) => boolean

/** Requests that delete ports; with the last port also the chains and sets. */
function removal(records: Element[], isThere: IsThere = () => true): Request[] {
  const there = (set: NamedSet, elements: Element[]) => elements.filter((element) => isThere(set, element))
  const pairs = records.map(({ key, value }) => ({ key: concatenate(key, value as Buffer) }))
  const verified = there(ports, records)
  const requests = [
    ...deletion(ports, verified),
    ...deletion(addresses, there(addresses, records)),
    ...deletion(allowed, there(allowed, pairs)),
  ]
  if (requests.length === 0 || !isUsedOnlyBy(table, verification, verified.length, rules)) return requests
  return [...requests, ...dismantle(table, [prerouting, verification], [ports, addresses, allowed])]
}

/** An element and its set. */
export interface Placed extends Element {
  set: NamedSet
}

function elementsOf(attachment: Attachment, port: string, mac: string): Placed[] {
  const [comment, key, value] = [owner(attachment), ifnameBytes(port), macBytes(mac)]
  return [
    { set: allowed, key: concatenate(key, value), comment },
    { set: addresses, key, value, comment },
    { set: ports, key, goto: verification, comment },
  ]
}

function addition(added: Placed[]): Request[] {
  return [...frameAdditions(), ...added.map(({ set, ...element }) => addElement(set, element))]
}

/** Requests that add what is missing of what all ports share. */
function frameAdditions(): Request[] {
  const missing = restoration(table, chains())
  return missing.length > 0 ? [addTable(table), ...[ports, addresses, allowed].map(addSet), ...missing] : []
}

function chains(): OurChain[] {
  const isAllowed = inSet([iifname, etherSaddr], allowed.name)
  return [
    { name: verification, rules: [[isAllowed, verdictStatement('return')], [verdictStatement('drop')]] },
    {
      name: prerouting,
      hook: { type: 'filter', hook: 'prerouting', priority },
      rules: [[vmap([iifname], ports.name)]],
      referrers: 0,
    },
  ]
}
