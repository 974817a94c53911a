/** Finds whose rules an attachment without a record may have. Loads no code of iptables and firewalld, since every DEL of a plain `firewall` needs this. */

import { environment } from '#engine'
import { families } from '../ip/address.ts'
import { stat } from '../kernel/stat.ts'
import { hasXtable } from '../kernel/xtables.ts'
import { chainUse } from '../netlink/nftables-read.ts'
import { filterTable } from './closed-chains.ts'
import { netfilter } from './table.ts'
import { unlessUnsupported } from './unsupported.ts'

/** The chains of the Go reference's layout (filter-layout.ts). */
export const forward = 'CNI-FORWARD'
export const stages = ['CNI-ISOLATION-STAGE-1', 'CNI-ISOLATION-STAGE-2'] as const

/** Whether iptables may have rules of containers. */
export function mayHaveIptables(): boolean {
  const hasNft = (family: 4 | 6) => unlessUnsupported(() => hasLayout(family)) === true
  return families.some((family) => hasNft(family) || hasXtable(family, 'filter') === true)
}

/** Whether a chain of the reference's layout exists, and with it rules of containers or of their bridges. */
export function hasLayout(family: 4 | 6): boolean {
  return [forward, ...stages].some((chain) => chainUse(netfilter(), filterTable(family), chain) !== undefined)
}

/** Where the system bus is when DBUS_SYSTEM_BUS_ADDRESS does not say so. */
export const usualBus = '/var/run/dbus/system_bus_socket'

/** Whether there may be a system bus, over which firewalld is asked. */
export function mayHaveBus(): boolean {
  return Boolean(environment().DBUS_SYSTEM_BUS_ADDRESS) || stat(usualBus) !== undefined
}
