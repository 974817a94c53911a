/** All that this host knows of one address. */

import type * as z from 'zod'
import { hostSocket } from '../../shared/attachment/sides.ts'
import { type Address, formatAddress, sameAddress } from '../../shared/ip/address.ts'
import { contains } from '../../shared/ip/subnet.ts'
import { formatRangeSet, roleOf } from '../../shared/ipam/range.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { wayTo } from '../../shared/netlink/local.ts'
import type { answer } from '../answers/ipam-show.ts'
import { optional } from '../form/optional.ts'
import type { AttachmentView, HostView } from '../host/attachment-view.ts'
import { addressesInside, pathInto } from '../host/inside.ts'
import { type LeftOut, trying } from '../host/left-out.ts'
import { timeOfEcho } from '../host/ping.ts'
import { holdersOf } from './by-ip.ts'
import { heldLeases, leasesFor } from './leases.ts'
import type { NetworkRange } from './ranges.ts'
import type { Store } from './stores.ts'
import { toldHolder } from './told.ts'

export type Lookup = z.infer<typeof answer>

/** Enters only the namespaces of containers that a file gives the address to. */
export function lookup(
  address: Address,
  view: HostView,
  {
    stores,
    ranges,
    leftOut,
  }: { stores: readonly Store[]; ranges: readonly NetworkRange[]; leftOut: LeftOut },
): Lookup {
  const { attachments } = view
  const text = formatAddress(address)
  const holders = holdersOf(address, stores)
  const having = attachments.filter(({ addresses }) => addresses.some((one) => one.split('/')[0] === text))
  return {
    address: text,
    ranges: ranges.flatMap((range) => around(range, address)),
    holders: holders.map(toldHolder),
    leases: leasesFor(address, heldLeases(view)),
    caches: having.flatMap((one) => (one.cached ? { ...told(one), file: one.cached.file } : [])),
    namespaces: having.flatMap((one) => inNamespace(one, address, leftOut)),
    ...reach(address),
  }
}

function around({ network, set }: NetworkRange, address: Address): Lookup['ranges'] {
  if (!set.some(({ subnet }) => contains(subnet, address))) return []
  return [{ network, range: formatRangeSet(set), ...optional({ role: roleOf(set, address) }) }]
}

function told({ network, containerID, ifname, pod }: AttachmentView) {
  return { network, container: containerID, interface: ifname, ...optional({ pod }) }
}

function inNamespace(view: AttachmentView, address: Address, leftOut: LeftOut): Lookup['namespaces'] {
  const path = view.life === 'lives' ? pathInto(view.places) : undefined
  if (path === undefined) return []
  const found = trying(path, addressesInside, leftOut)
  return found.some((one) => sameAddress(one.address, address)) ? [{ ...told(view), namespace: path }] : []
}

/** Without root no echo is sent. */
function reach(address: Address): Pick<Lookup, 'way' | 'reachable' | 'milliseconds'> {
  const way = wayTo(hostSocket(), address)
  try {
    const took = way === 'none' ? undefined : timeOfEcho(address)
    if (took === undefined) return { way, reachable: 'silent' }
    return { way, reachable: 'answers', milliseconds: Math.round(took * 1000) / 1000 }
  } catch (error) {
    if (!isErrno(error, 'EPERM', 'EACCES')) throw error
    return { way, reachable: 'unknown' }
  }
}
