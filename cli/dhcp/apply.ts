/** Gives an interface what a server has changed: the new addresses and routes first, then the old ones go, in one message. */

import { routesOf } from '../../shared/attachment/configure.ts'
import { presentOn } from '../../shared/attachment/present.ts'
import { formatAddress } from '../../shared/ip/address.ts'
import { type Cidr, formatCidr, parseCidr, sameCidr } from '../../shared/ip/subnet.ts'
import type { EntryResult } from '../../shared/ipam/dhcp/journal.ts'
import { newAddress, removeAddress } from '../../shared/netlink/address.ts'
import { changeIpv4Conf, Ipv4Conf } from '../../shared/netlink/ipv4-conf.ts'
import { changeLink, type Link } from '../../shared/netlink/link.ts'
import { newRoute, type RouteSpec, removeRoute } from '../../shared/netlink/route.ts'
import { ask, type Request, transact } from '../../shared/netlink/socket.ts'
import type { Here } from './place.ts'

/**
 * What is done already is not done again, so a change that was interrupted can be completed. Another plugin's addresses and routes stay.
 * @returns the addresses that the interface has got
 * @throws KernelError of the first request that failed; those after it were made
 */
export function applyChange({ inside, link }: Here, before: EntryResult, after: EntryResult): Cidr[] {
  const there = presentOn(inside, link)
  const [old, wanted] = [partsOf(before, link), partsOf(after, link)]
  const added = wanted.addresses.filter((one) => there.lacksAddress(one) && !isKernels(one, old.addresses))
  const gone = leftOut(old.addresses, wanted.addresses, formatCidr).filter((one) => !there.lacksAddress(one))
  const goneRoutes = leftOut(old.routes, wanted.routes, keyOf).filter((one) => !there.lacksRoute(one))
  transact(inside, [
    ...(gone.length > 0 ? [keepSecondaries(link)] : []),
    ...added.map((cidr) => newAddress(link, cidr, { nodad: true })),
    ...wanted.routes.filter((one) => there.lacksRoute(one) && one.dst.address.family === 4).map(newRoute),
    ...goneRoutes.map(removeRoute),
    ...gone.map((cidr) => removeAddress(link, cidr)),
  ])
  return added
}

/** The MTU that a server gives now (option 26). @throws KernelError for one that the interface cannot have any more, as more than its parent's */
export function applyMtu({ inside, link }: Here, { mtu }: EntryResult): void {
  if (mtu !== undefined && mtu !== link.mtu) ask(inside, changeLink(link, { mtu }))
}

function partsOf(result: EntryResult, link: Link): { addresses: Cidr[]; routes: RouteSpec[] } {
  return {
    addresses: result.ips.flatMap(({ address }) => parseCidr(address) ?? []),
    routes: routesOf({ ...result, interfaces: [] }, link),
  }
}

function leftOut<T>(old: readonly T[], wanted: readonly T[], key: (one: T) => string): T[] {
  const kept = new Set(wanted.map(key))
  return old.filter((one) => !kept.has(key(one)))
}

function keyOf({ dst, gateway, priority = 0 }: RouteSpec): string {
  return `${formatCidr(dst)} ${gateway ? formatAddress(gateway) : ''} ${priority}`
}

/** One of IPv6 that has not changed: it may be a router's, which the kernel adds and removes. Routes of IPv6 all are. */
function isKernels(cidr: Cidr, old: readonly Cidr[]): boolean {
  return cidr.address.family === 6 && old.some((one) => sameCidr(one, cidr))
}

/** A second address of a subnet goes with the first one, unless it takes its place (net.ipv4.conf.IF.promote_secondaries). */
function keepSecondaries(link: Link): Request {
  return changeIpv4Conf(link, Ipv4Conf.PROMOTE_SECONDARIES, 1)
}
