/** `ingressPolicy: isolated` within a bridge: frames from one isolated port to another are dropped, whatever they carry. */

import type { Attachment } from '../cni/plugin.ts'
import { addTable, type Hook } from '../netlink/nftables.ts'
import { oifname } from '../netlink/nftables-matches.ts'
import { chainUse, findElement, hasSet, listElements } from '../netlink/nftables-read.ts'
import { addElement, addSet, deleteElements, type NamedSet } from '../netlink/nftables-sets.ts'
import { iifname, inSet, verdictStatement } from '../netlink/nftables-statements.ts'
import { concatenate, ifname, ifnameBytes } from '../netlink/nftables-types.ts'
import type { Request } from '../netlink/socket.ts'
import { restoration } from './our-chains.ts'
import { dismantle, expectElement, expectRules, netfilter, ourTable, owner } from './table.ts'

const table = ourTable('bridge')
const forward = 'isolation-forward'
/** The isolated ports, whose comments name their attachments. */
const ports: NamedSet = { table, name: 'isolation-ports', key: [ifname] }
/** Each isolated port twice: with br_netfilter the bridge itself leads a container's frame to its own host port back. */
const same: NamedSet = { table, name: 'isolation-same', key: [ifname, ifname] }
export const sets = [ports, same]
/** Any: a drop is final. */
const priority = 0

/** Requests that isolate a port from the other isolated ones. @param comment names its attachment */
export function addition(port: string, comment: string): Request[] {
  const key = ifnameBytes(port)
  const found = findElement(netfilter(), ports, key)
  const pair = findElement(netfilter(), same, twice(port))
  if (found?.comment === comment && pair?.comment === comment) return frameAdditions()
  return [
    ...frameAdditions(),
    ...(found ? [deleteElements(ports, [found])] : []),
    ...(pair ? [deleteElements(same, [pair])] : []),
    addElement(ports, { key, comment }),
    addElement(same, { key: twice(port), comment }),
  ]
}

function twice(port: string): Buffer {
  return concatenate(ifnameBytes(port), ifnameBytes(port))
}

/** Requests that add what is missing of what all isolated ports share. */
function frameAdditions(): Request[] {
  const toItself = [inSet([iifname, oifname], same.name), verdictStatement('accept')]
  const isolated = [inSet([iifname], ports.name), inSet([oifname], ports.name), verdictStatement('drop')]
  const hook: Hook = { type: 'filter', hook: 'forward', priority }
  const missing = restoration(table, [{ name: forward, hook, rules: [toItself, isolated], referrers: 0 }])
  return missing.length > 0 ? [addTable(table), ...sets.map(addSet), ...missing] : []
}

/** Requests that end it. @param isLast no port is isolated any more: the frame goes, too */
export function removal(port: string, comment: string, isLast: boolean): Request[] {
  const found = findElement(netfilter(), ports, ifnameBytes(port))
  const pair = findElement(netfilter(), same, twice(port))
  const own = [
    ...(found?.comment === comment ? [deleteElements(ports, [found])] : []),
    ...(pair?.comment === comment ? [deleteElements(same, [pair])] : []),
  ]
  const exists = isLast && chainUse(netfilter(), table, forward) !== undefined
  return exists ? [...own, ...frameRemoval()] : own
}

function frameRemoval(): Request[] {
  const present = sets.filter((set) => hasSet(netfilter(), set))
  return dismantle(table, [forward], present)
}

/** Requests that remove the frame where no port is isolated, although it was not noted whose the last one was. */
export function removalIfUnused(): Request[] {
  const exists = chainUse(netfilter(), table, forward) !== undefined
  return exists && listElements(netfilter(), ports).length === 0 ? frameRemoval() : []
}

/** The isolated port of an attachment, by the comments of all. */
export function findPort(attachment: Attachment): string | undefined {
  const comment = owner(attachment)
  const found = listElements(netfilter(), ports).find((element) => element.comment === comment)
  return found?.key.toString('utf8', 0, found.key.indexOf(0))
}

/** @throws CniError that names the missing element or rule */
export function check(port: string, comment: string): void {
  expectRules(table, forward, 2)
  expectElement(ports, { key: ifnameBytes(port), comment })
  expectElement(same, { key: twice(port), comment })
}
