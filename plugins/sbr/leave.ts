/** DEL: removes the rules of the interface's addresses, and the routes in their tables, also when the interface is gone. */

import { ownIps } from '../../shared/attachment/chained.ts'
import { openSidesIfAny } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { type Address, families, sameAddress } from '../../shared/ip/address.ts'
import { parseCidr } from '../../shared/ip/subnet.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { listAddresses, listAllAddresses } from '../../shared/netlink/address.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import { listRoutes } from '../../shared/netlink/route.ts'
import { listRules, removeRule, type SourceRule } from '../../shared/netlink/rule.ts'
import { deleteRoute, readRoute, savePortRoutes } from '../../shared/netlink/saved-route.ts'
import { ask, type Socket } from '../../shared/netlink/socket.ts'
import { withNamespaceLock } from '../../shared/state/lock.ts'
import { firstTable, isFreeNumber, type SbrConfig } from './config.ts'

/** Looks first, and takes the lock only where there is something to remove. */
export function leave(request: Request<SbrConfig>): void {
  const sides = openSidesIfAny(request)
  if (!sides || rulesOf(sides.inside, request).length === 0) return
  withNamespaceLock(sides.container, () => {
    const { inside } = sides
    const link = findLink(inside, request.ifname)
    const rules = rulesOf(inside, request)
    for (const rule of rules) tolerate(() => ask(inside, removeRule(rule)), 'ENOENT', 'ESRCH')
    const tables = new Set(rules.map(({ table }) => table).filter((table) => table !== request.config.table))
    if (link) clear(inside, link, tables)
  })
}

/** Without the interface and the result of ADD its addresses are not known: then rules without any use are removed. */
function rulesOf(inside: Socket, request: Request<SbrConfig>): SourceRule[] {
  const rules = families.flatMap((family) => listRules(inside, family).flatMap(({ source }) => source ?? []))
  const possible = rules.filter(({ table }) => isFreeNumber(table))
  if (possible.length === 0) return []
  const addresses = addressesOf(inside, request)
  if (addresses.length > 0) return possible.filter(({ from }) => isAmong(from, addresses))
  return possible.filter(useless(inside, request.config.table))
}

function addressesOf(inside: Socket, { ifname, prevResult }: Request<SbrConfig>): Address[] {
  const link = findLink(inside, ifname)
  const ips = prevResult ? ownIps(prevResult, ifname) : []
  const told = ips.flatMap(({ address }) => parseCidr(address)?.address ?? [])
  const found = link ? listAddresses(inside, link).map(({ address }) => address) : []
  return [...told, ...found]
}

function isAmong(address: Address, others: readonly Address[]): boolean {
  return others.some((other) => sameAddress(address, other))
}

/** A rule for an address that no interface has, to the configured table, or to one of ours without a route: nothing goes by it. */
function useless(inside: Socket, configured?: number): (rule: SourceRule) => boolean {
  const addresses = listAllAddresses(inside).map(({ address }) => address)
  const tables = new Set(families.flatMap((family) => listRoutes(inside, family)).map(({ table }) => table))
  const isEmpty = (table: number) => table >= firstTable && !tables.has(table)
  return ({ from, table }) => (table === configured || isEmpty(table)) && !isAmong(from, addresses)
}

function clear(inside: Socket, link: Link, tables: ReadonlySet<number>): void {
  if (tables.size === 0) return
  for (const saved of savePortRoutes(inside, link)) {
    if (!readRoute(saved).some(({ table }) => tables.has(table))) continue
    for (const request of deleteRoute(link, saved)) tolerate(() => ask(inside, request), 'ESRCH')
  }
}
