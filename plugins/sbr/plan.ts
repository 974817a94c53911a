/** What sbr changes: the routes of each table, and what becomes of those in table main. */

import { type Address, sameAddress } from '../../shared/ip/address.ts'
import { type Cidr, contains, linkLocal, networkOf, subnetOf } from '../../shared/ip/subnet.ts'
import type { KernelRoute } from '../../shared/netlink/route.ts'
import { firstTable } from './config.ts'
import type { Source } from './source.ts'

/** A route of the interface in table main. */
export interface MainRoute {
  /** The kernel's message. */
  saved: Buffer
  /** What it says: an entry for each next hop. */
  hops: readonly KernelRoute[]
}

/** What a table gets. */
export interface Table {
  source: Source
  table: number
  /** Copies of routes in table main. */
  copies: readonly MainRoute[]
  /** The route to the address's subnet, where table main has none. */
  subnet?: Cidr
  /** The gateway of the default route, where it is no copy. */
  gateway?: Address
}

/** @param tables one for each source @param isFixed the gateways are the configuration's: they replace those of table main */
export function planTables(
  sources: readonly Source[],
  tables: readonly number[],
  routes: readonly MainRoute[],
  isFixed: (family: 4 | 6) => boolean,
): Table[] {
  return sources.map((source, index) => {
    const { cidr, gateway } = source
    const fixed = isFixed(cidr.address.family)
    const fitting = routes.filter((route) => belongs(route, source, sources))
    const copies = fitting.filter((route) => !(fixed && isDefault(route)))
    const subnet =
      isSubnet(cidr) && !copies.some((route) => leadsTo(route, cidr)) ? subnetOf(cidr) : undefined
    const own = copies.some(isDefault) ? undefined : gateway
    return { source, table: tables[index] ?? 0, copies, subnet, gateway: own }
  })
}

/** As the reference: by source or next hop in the subnet, or without both. Also where the next hop is in no subnet: such a route would be lost. */
function belongs({ hops }: MainRoute, { cidr }: Source, all: readonly Source[]): boolean {
  const points = hops.flatMap(({ gateway, source }) => [gateway ?? [], source ?? []].flat())
  const family = hops[0]?.dst.address.family
  if (family !== cidr.address.family) return false
  const isForeign = !points.some((point) => all.some((other) => contains(other.cidr, point)))
  return isForeign || points.some((point) => contains(cidr, point))
}

export function isDefault({ hops }: MainRoute): boolean {
  return hops[0]?.dst.prefix === 0
}

function isSubnet({ address, prefix }: Cidr): boolean {
  return prefix < (address.family === 4 ? 32 : 128)
}

/** Whether a route's destination is the subnet of an address. */
export function leadsTo({ hops }: MainRoute, cidr: Cidr): boolean {
  const dst = hops[0]?.dst
  return dst?.prefix === cidr.prefix && sameAddress(dst.address, networkOf(cidr))
}

/** The neighbourhood of the link, which packets with a link-local source need in table main. */
function isLinkLocal({ hops }: MainRoute): boolean {
  return hops.some(({ dst }) => contains(linkLocal, dst.address))
}

/** The routes that leave table main: those that a table has, or that a fixed gateway replaces. */
export function leaving(routes: readonly MainRoute[], sources: readonly Source[]): MainRoute[] {
  const isOwn = ({ hops }: MainRoute) =>
    sources.some(({ cidr }) => cidr.address.family === hops[0]?.dst.address.family)
  return routes.filter((route) => isOwn(route) && !isLinkLocal(route))
}

export function hasGateway({ hops }: MainRoute): boolean {
  return hops.some(({ gateway }) => gateway !== undefined)
}

/** The first tables without a rule and without a route. @param taken by rules and routes of both families */
export function freeTables(
  count: number,
  taken: ReadonlySet<number>,
  isPossible: (table: number) => boolean,
) {
  const free: number[] = []
  for (let table = firstTable; free.length < count; table++)
    if (!taken.has(table) && isPossible(table)) free.push(table)
  return free
}
