/**
 * Drops packets from outside with addresses of 127.0.0.0/8, for host ports by iptables: the reference's chains have no such rule. It is
 * in our nftables table, or in iptables' table raw where the kernel has no nf_tables. That of nftables is in portmap-frame.ts. Callers hold
 * the feature's lock.
 */

import { attachmentHash, attachmentKey } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { hasXtable } from '../kernel/xtables.ts'
import { addTable } from '../netlink/nftables.ts'
import { chainUse } from '../netlink/nftables-read.ts'
import { update } from '../netlink/nftables-transaction.ts'
import { pointers } from '../state/pointers.ts'
import { firstMissing, type Iptables, isInstalled, restore } from './iptables.ts'
import { missing } from './missing.ts'
import { restoration } from './our-chains.ts'
import { guardOf } from './portmap-frame.ts'
import { guardFolder } from './portmap-localnet.ts'
import { dismantle, expectRules, netfilter, ourTable } from './table.ts'
import { unlessUnsupported } from './unsupported.ts'

const table = ourTable('ip')
const guard = guardOf('portmap-iptables')
const users = () => pointers(guardFolder)

const iptables: Iptables = { family: 4 }
const rules = ['-s', '-d'].map(
  (side) => `PREROUTING ${side} 127.0.0.0/8 ! -i lo -m comment --comment "patchbay: route_localnet" -j DROP`,
)

/** At the end of a user's text: its guard is in table raw. */
const inRaw = '/raw'

/** Adds the guard where it is missing, and notes a user of it. @throws KernelError, CniError */
export function addGuard(attachment: Attachment): void {
  const [hash, key] = [attachmentHash(attachment), attachmentKey(attachment)]
  users().set(hash, key)
  if (unlessUnsupported(addToTable)) return
  users().set(hash, key + inRaw)
  addToRaw()
}

/** @returns true @throws KernelError where the kernel has no nf_tables */
function addToTable(): boolean {
  update(netfilter(), () => {
    const lost = restoration(table, [guard])
    return lost.length > 0 ? [addTable(table), ...lost] : []
  })
  return true
}

function addToRaw(): void {
  const lost = rules.filter((rule) => !isInRaw(rule))
  restore(
    iptables,
    lost.map((rule) => `-I ${rule}`),
    'raw',
  )
}

/** Removes the guard with its last user. Does nothing for an attachment that is none. */
export function releaseGuard(attachment: Attachment): void {
  const hash = attachmentHash(attachment)
  if (users().get(hash) === undefined) return void users().removeFolder()
  if (users().names().length === 1 && !unlessUnsupported(removeFromTable) && mayBeInRaw()) removeFromRaw()
  users().remove(hash)
  users().removeFolder()
}

/** @returns whether it was there: a kernel may have nf_tables without the family ip, and answers as one without our table */
function removeFromTable(): boolean {
  let isThere = false
  update(netfilter(), () => {
    isThere = chainUse(netfilter(), table, guard.name) !== undefined
    return isThere ? dismantle(table, [guard.name], []) : []
  })
  return isThere
}

/** Whether iptables-legacy has the table; unknown counts as such. */
function mayBeInRaw(): boolean {
  return hasXtable(4, 'raw') !== false && isInstalled(iptables)
}

function removeFromRaw(): void {
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

/** @throws CniError that names what of the guard is missing; does nothing for an attachment that does not use it */
export function checkGuard(attachment: Attachment): void {
  const user = users().get(attachmentHash(attachment))
  if (user === undefined) return
  if (user === attachmentKey(attachment) + inRaw) checkRaw()
  else unlessUnsupported(() => expectRules(table, guard.name, guard.rules.length))
}

function checkRaw(): void {
  const lost = firstMissing(iptables, rules, 'raw')
  if (lost) throw missing(`iptables has no rule -A ${lost} in table raw`, 'iptables-save -t raw')
}
