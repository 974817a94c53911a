/**
 * `macspoofchk`: what a container sends from another MAC address than its own is dropped at its port of the bridge.
 * A port is one element of a map, which leads its frames to the verification; the address is one of a set.
 */

import { hostIfname } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { parseMac } from '../ip/mac.ts'
import { addChain, addRule, addTable } from '../netlink/nftables.ts'
import { chainUse, findElement } from '../netlink/nftables-read.ts'
import { addElement, addSet, type Element, type NamedSet } from '../netlink/nftables-sets.ts'
import { etherSaddr, iifname, inSet, say, vmap } from '../netlink/nftables-statements.ts'
import { update } from '../netlink/nftables-transaction.ts'
import { concatenate, etherAddr, ifname, ifnameBytes } from '../netlink/nftables-types.ts'
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
import { unlessUnsupported } from './unsupported.ts'

const table = ourTable('bridge')
const prerouting = 'macspoofchk-prerouting'
const verification = 'macspoofchk-verify'
/** `chainUse` of the verification when no port leads to it: its own rules. */
const rules = 2
/** Before everything else that looks at frames, as the reference has it. */
const priority = -300

/** The ports that are checked -> verification. */
const ports: NamedSet = { table, name: 'macspoofchk-ports', key: [ifname], value: 'verdict' }
/** Port and address that belong together. */
const allowed: NamedSet = { table, name: 'macspoofchk-allowed', key: [ifname, etherAddr] }
/** Port -> its address, for DEL, which is not told. */
const addresses: NamedSet = { table, name: 'macspoofchk-addresses', key: [ifname], value: etherAddr }

/**
 * Lets a port take frames from one MAC address only.
 * @param port the host's end of the container's interface: `hostIfname(attachment)`, by which DEL will find it
 * @throws KernelError
 */
export async function addMacSpoofCheck(attachment: Attachment, port: string, mac: string): Promise<void> {
  change(() => withdrawal(recordsOf(ifnameBytes(port))))
  change(() => introduction(owner(attachment), ifnameBytes(port), macBytes(mac)))
}

/** Forgets an attachment's port. One that is not known costs a look-up. */
export async function removeMacSpoofCheck(attachment: Attachment): Promise<void> {
  unlessUnsupported(() => change(() => withdrawal(recordsOf(ifnameBytes(hostIfname(attachment))))))
}

/** @throws CniError naming what is missing */
export async function checkMacSpoofCheck(attachment: Attachment, port: string, mac: string): Promise<void> {
  const key = ifnameBytes(port)
  expectElement(ports, { key, goto: verification, comment: owner(attachment) })
  expectElement(allowed, { key: concatenate(key, macBytes(mac)), comment: owner(attachment) })
  expectRules(table, verification, rules)
  expectRules(table, prerouting, 1)
}

/** Forgets the ports of a network's attachments that are not valid any more, a few hundred at once. @returns how many */
export async function collectMacSpoofCheck(
  network: string,
  valid: Omit<Attachment, 'network'>[],
): Promise<number> {
  let collected = 0
  unlessUnsupported(() => {
    const stale = listStale(addresses, staleIn(network, valid))
    for (const part of chunks(stale)) collected += withdraw(part)
  })
  return collected
}

/** Takes away what is still there of ports that were listed. @returns how many */
function withdraw(listed: Element[]): number {
  let count = 0
  change(() => {
    const records = stillThere(addresses, listed)
    count = records.length
    return withdrawal(records)
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

/** What deletes ports, and all else with the last of them. */
function withdrawal(records: Element[]): Request[] {
  if (records.length === 0) return []
  const pairs = records.map(({ key, value }) => ({ key: concatenate(key, value as Buffer) }))
  const requests = [...deletion(ports, records), ...deletion(addresses, records), ...deletion(allowed, pairs)]
  if (chainUse(netfilter(), table, verification) !== rules + records.length) return requests
  return [...requests, ...dismantle(table, [prerouting, verification], [ports, addresses, allowed])]
}

function introduction(comment: string, key: Buffer, mac: Buffer): Request[] {
  return [
    ...(chainUse(netfilter(), table, prerouting) === undefined ? frame() : []),
    addElement(addresses, { key, value: mac, comment }),
    addElement(allowed, { key: concatenate(key, mac), comment }),
    addElement(ports, { key, goto: verification, comment }),
  ]
}

function frame(): Request[] {
  return [
    addTable(table),
    ...[ports, addresses, allowed].map(addSet),
    addChain(table, verification),
    addRule(table, verification, [inSet([iifname, etherSaddr], allowed.name), say('return')]),
    addRule(table, verification, [say('drop')]),
    addChain(table, prerouting, { type: 'filter', hook: 'prerouting', priority }),
    addRule(table, prerouting, [vmap([iifname], ports.name)]),
  ]
}
