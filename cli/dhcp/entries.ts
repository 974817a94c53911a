/** What becomes of an entry of the journal when a server answers, or when its addresses may not be used any more. Pure: nothing is read or written. */

import type { Lease4, Lease6 } from '../../shared/dhcp/lease.ts'
import type { Entry, EntryResult } from '../../shared/ipam/dhcp/journal.ts'
import { smallestMtu } from '../../shared/ipam/dhcp/link.ts'
import { cidrsOf, dnsOf, gatewayIn, resultOf4 } from '../../shared/ipam/dhcp/result.ts'
import type { Dated } from './schedule.ts'

export type Family = 4 | 6

/** A lease of either family. */
export type Lease = Lease4 | Lease6

export function leaseIn(entry: Entry, family: Family): (Lease & Dated) | undefined {
  return family === 4 ? entry.lease4 : entry.lease6
}

/** An entry with the lease that a server has given. @param since when it was asked, of the clock that counts from boot */
export function withLease(entry: Entry, lease: Lease, since: number): Entry {
  return 'address' in lease
    ? { ...entry, lease4: { ...lease, since }, now: nowWith4(entry, lease) }
    : { ...entry, lease6: { ...lease, since }, now: nowWith6(entry, lease) }
}

/** An entry whose addresses of a family are gone. Its lease stays, as one that has ended: the client asks for the same address again. */
export function withoutAddresses(entry: Entry, family: Family, now: number): Entry {
  const { lease4, lease6 } = entry
  return family === 4
    ? { ...entry, lease4: lease4 && ended(lease4, now), now: without(entry.now, isOf(4), isOf(4)) }
    : { ...entry, lease6: lease6 && ended(lease6, now), now: without(entry.now, isIn(lease6), () => false) }
}

/** Whether the interface has addresses of this lease, as far as the journal knows. */
export function hasAddresses({ now, lease6 }: Entry, family: Family): boolean {
  return now.ips.some(({ address }) => (family === 4 ? isOf(4)(address) : isIn(lease6)(address)))
}

/** As JSON: what the journal has of both is made in one place, in one order. */
export function sameResult(one: EntryResult, other: EntryResult): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function ended<T extends Dated>(lease: T, now: number): T {
  const seconds = Math.max(0, (now - lease.since) / 1000)
  const cut = (time: number | undefined) => Math.min(time ?? seconds, seconds)
  return { ...lease, renew: cut(lease.renew), rebind: cut(lease.rebind), expire: cut(lease.expire) }
}

type Test = (text: string) => boolean

const isOf =
  (family: Family): Test =>
  (text) =>
    text.includes(':') === (family === 6)

const isIn =
  (lease: Lease6 | undefined): Test =>
  (cidr) =>
    lease?.addresses.includes(cidr.split('/')[0] ?? '') ?? false

function without(result: EntryResult, isAddress: Test, isRoute: Test): EntryResult {
  return {
    ...result,
    ips: result.ips.filter(({ address }) => !isAddress(address)),
    routes: result.routes.filter(({ dst }) => !isRoute(dst)),
  }
}

function nowWith4(entry: Entry, lease: Lease4): EntryResult {
  const { now, lease4, priority } = entry
  const rest = without(now, isOf(4), isOf(4))
  const own = resultOf4(lease, priority)
  return {
    ...rest,
    ips: [...own.ips, ...rest.ips],
    routes: [...own.routes, ...rest.routes],
    dns: dnsOf({ ...entry, lease4: { ...lease, since: 0 } }),
    ...(lease.mtu !== lease4?.mtu && mtuOf(entry, lease)),
  }
}

/** As in ADD: no greater one than the interface had, and none with which IPv6 would go from it. */
function mtuOf({ mtu: most, now }: Entry, { mtu }: Lease4): Pick<EntryResult, 'mtu'> {
  const isDual = now.ips.some(({ address }) => isOf(6)(address))
  if (mtu === undefined || mtu < smallestMtu[isDual ? 6 : 4]) return {}
  return { mtu: Math.min(mtu, most ?? mtu) }
}

function nowWith6(entry: Entry, lease: Lease6): EntryResult {
  const { now, lease6, ipv6 } = entry
  const rest = without(now, isIn(lease6), () => false)
  const ips = cidrsOf(lease).map((address) => ({ address, ...gatewayIn(ipv6) }))
  return { ...rest, ips: [...rest.ips, ...ips], dns: dnsOf({ ...entry, lease6: { ...lease, since: 0 } }) }
}
