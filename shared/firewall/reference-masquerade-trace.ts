/** Finds whether the Go reference masquerades by nftables here. In one request, since every DEL needs this. */

import type { Table } from '../netlink/nftables.ts'
import { chainUse } from '../netlink/nftables-read.ts'
import { netfilter } from './table.ts'

export const table: Table = { family: 'inet', name: 'cni_plugins_masquerade' }
/** The chain with a rule for each address. */
export const checks = 'masq_checks'
/** `chainUse` of the chain without an address: the rule that leads to it. */
const leading = 1

/** Whether the reference has rules for any attachment. */
export function hasReferenceMasquerade(): boolean {
  return (chainUse(netfilter(), table, checks) ?? 0) > leading
}
