/**
 * Drops packets from outside with addresses of 127.0.0.0/8, for host ports by iptables: the reference's chains have no such rule. It is
 * in our nftables table, or in iptables' table raw where the kernel has no nf_tables. That of nftables is in portmap-frame.ts. Callers hold
 * the feature's lock.
 */

import { attachmentHash, attachmentKey } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { addChain, addRule, addTable } from '../netlink/nftables.ts'
import { chainUse } from '../netlink/nftables-read.ts'
import { update } from '../netlink/nftables-transaction.ts'
import { pointers } from '../state/pointers.ts'
import { firstMissing, type Iptables, isInstalled, restore } from './iptables.ts'
import { guardOf } from './portmap-frame.ts'
import { dismantle, expectRules, netfilter, ourTable } from './table.ts'
import { unlessUnsupported } from './unsupported.ts'

const table = ourTable('ip')
const guard = guardOf('portmap-iptables')
const users = () => pointers('firewall/localnet-guard')

const iptables: Iptables = { family: 4 }
const rules = ['-s', '-d'].map(
  (side) => `PREROUTING ${side} 127.0.0.0/8 ! -i lo -m comment --comment "patchbay: route_localnet" -j DROP`,
)

/** Adds the guard where it is missing, and notes a user of it. @throws KernelError, CniError */
export function addGuard(attachment: Attachment): void {
  users().set(attachmentHash(attachment), attachmentKey(attachment))
  if (!unlessUnsupported(addToTable)) addToRaw()
}

/** @returns true @throws KernelError where the kernel has no nf_tables */
function addToTable(): boolean {
  update(netfilter(), () => {
    if (chainUse(netfilter(), table, guard.name) !== undefined) return []
    return [
      addTable(table),
      addChain(table, guard.name, guard.hook),
      ...guard.rules.map((statements) => addRule(table, guard.name, statements)),
    ]
  })
  return true
}

function addToRaw(): void {
  const missing = rules.filter((rule) => !isInRaw(rule))
  restore(
    iptables,
    missing.map((rule) => `-I ${rule}`),
    'raw',
  )
}

/** Removes the guard with its last user. Does nothing for an attachment that is none. */
export function releaseGuard(attachment: Attachment): void {
  const hash = attachmentHash(attachment)
  if (users().get(hash) === undefined) return void users().removeFolder()
  if (users().names().length === 1 && !unlessUnsupported(removeFromTable)) removeFromRaw()
  users().remove(hash)
  users().removeFolder()
}

function removeFromTable(): boolean {
  update(netfilter(), () => {
    const exists = chainUse(netfilter(), table, guard.name) !== undefined
    return exists ? dismantle(table, [guard.name], []) : []
  })
  return true
}

function removeFromRaw(): void {
  if (!isInstalled(iptables)) return
  const present = rules.filter(isInRaw)
  restore(
    iptables,
    present.map((rule) => `-D ${rule}`),
    'raw',
  )
}

function isInRaw(rule: string): boolean {
  return firstMissing(iptables, [rule], 'raw') === undefined
}

/** @throws CniError that names what of the guard is missing in our table; does nothing for an attachment that does not use it */
export function checkGuard(attachment: Attachment): void {
  if (users().get(attachmentHash(attachment)) === undefined) return
  const isHere = unlessUnsupported(() => chainUse(netfilter(), table, guard.name)) !== undefined
  if (isHere || !(isInstalled(iptables) && rules.every(isInRaw)))
    unlessUnsupported(() => expectRules(table, guard.name, guard.rules.length))
}
