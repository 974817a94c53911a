/** The leases of DHCP of this host's attachments, each with its holder. */

import type * as z from 'zod'
import { type Address, parseAddress, sameAddress } from '../../shared/ip/address.ts'
import type { heldLease } from '../answers/held-lease.ts'
import { toldLease } from '../attachments/told-lease.ts'
import { shortAge } from '../form/age.ts'
import { optional } from '../form/optional.ts'
import type { Column } from '../form/table.ts'
import type { AttachmentView, HostView } from '../host/attachment-view.ts'
import { leasesOf } from '../host/leases.ts'
import { lifeCell, shortID } from '../host/words.ts'

export type HeldLease = z.infer<typeof heldLease>

/** @param only the network that is asked for */
export function heldLeases({ attachments }: HostView, only?: string): HeldLease[] {
  return attachments.filter(({ network }) => network === (only ?? network)).flatMap(leasesIn)
}

function leasesIn({ leased, network, containerID, ifname, pod, life }: AttachmentView): HeldLease[] {
  if (!leased) return []
  const holder = { network, container: containerID, interface: ifname, ...optional({ pod }), life }
  return leasesOf(leased).map((lease) => ({ ...toldLease(lease), ...holder }))
}

/** Those of one address. */
export function leasesFor(address: Address, leases: readonly HeldLease[]): HeldLease[] {
  const isIt = (text: string) => {
    const own = parseAddress(text.split('/')[0] ?? '')
    return own !== undefined && sameAddress(own, address)
  }
  return leases.filter(({ addresses }) => addresses.some(isIt))
}

export const leaseColumns: Column<HeldLease>[] = [
  { title: 'LEASE', cell: ({ addresses }) => addresses.join(' ') },
  { title: 'NETWORK', cell: ({ network }) => network },
  { title: 'POD', cell: ({ pod }) => pod },
  { title: 'CONTAINER', cell: ({ container }) => shortID(container) },
  { title: 'IFACE', cell: (one) => one.interface },
  { title: 'SERVER', cell: ({ server }) => server, minor: true },
  { title: 'ENDS IN', cell: ({ expire }) => endCell(expire), right: true },
  { title: 'LIFE', cell: ({ life }) => lifeCell(life) },
]

function endCell(expire: number | undefined) {
  if (expire === undefined) return 'never'
  return expire > 0 ? shortAge(expire) : { text: 'ended', colour: 'red' as const }
}
